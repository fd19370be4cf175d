"""A start that cannot be says why in one line, and what to do."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from clinic.runtime import folder
from clinic.runtime.folder import PROJECT
from tests.runtime.starts import free_port, refused


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(tmp_path, PORT=str(port))
    assert said.startswith(f"Port {port} cannot be used (Address already in use)")
    assert "set PORT" in said


@pytest.mark.parametrize("given", ["eighty", "0", "65536", "-1", "\N{FULLWIDTH DIGIT EIGHT}000"])
def test_a_port_that_is_none_is_named(tmp_path: Path, given: str) -> None:
    assert refused(tmp_path, PORT=given).startswith(f"PORT must be a number from 1 to 65535, not {given!r}")


def test_a_data_folder_in_use_is_named_with_its_user(tmp_path: Path) -> None:
    with folder.owned(tmp_path) as mine:
        assert mine
        said = refused(tmp_path, PORT=str(free_port()))
    assert said.startswith(f"The data folder {tmp_path} is in use by process {os.getpid()}")
    assert "CLINIC_DATA" in said


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("somebody's")
    said = refused(tmp_path / "file" / below)
    assert "cannot be written (Not a directory)" in said
    assert (tmp_path / "file").read_text() == "somebody's"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written (Permission denied)" in refused(tmp_path)


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    port = free_port()
    said = refused(tmp_path, PORT=str(free_port()), DATABASE_URL=f"postgres://clinic_app@127.0.0.1:{port}/clinic")
    assert said.startswith("The database does not answer as owner: ")
    assert "Connection refused" in said


def test_a_weak_demo_password_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, PORT=str(free_port()), DEMO_PASSWORD="short")
    assert said.startswith("DEMO_PASSWORD will not do: Use at least 15 characters")
    assert not (tmp_path / "postgres").exists()


def test_a_setting_that_will_not_do_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, PORT=str(free_port()), REMINDER_TICK_SECONDS="often")
    assert said.startswith("A setting will not do: ")
    assert "REMINDER_TICK_SECONDS" in said


def test_an_address_of_a_mail_server_that_is_none_is_refused_without_its_password(tmp_path: Path) -> None:
    said = refused(tmp_path, PORT=str(free_port()), EMAIL_URL="mail://desk:secret@mail.example")
    assert said.startswith("A setting will not do: EMAIL_URL must look like ")
    assert "secret" not in said


def _venv(tmp_path: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    """Run venv.sh in an empty folder, as a fresh clone is."""
    (tmp_path / "Makefile").touch()
    return subprocess.run(
        ["/bin/sh", str(PROJECT / "clinic/runtime/venv.sh"), "requirements.txt"],
        cwd=tmp_path,
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
    )


def _old_python(tmp_path: Path, name: str) -> Path:
    """A program that is Python as far as a script can see, and too old."""
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    path.chmod(0o755)
    return path


def test_an_old_python_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        _old_python(tmp_path, name)
    done = _venv(tmp_path, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin", PYTHON="")
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed, and Python 3.9.2 was found")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / ".venv").exists()


def test_a_wrong_python_that_was_asked_for_is_named(tmp_path: Path) -> None:
    old = _old_python(tmp_path, "python3")
    done = _venv(tmp_path, PYTHON=str(old))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Python 3.11 or newer is needed, and {old} is Python 3.9.2")
