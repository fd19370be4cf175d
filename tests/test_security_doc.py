"""What docs/security.md names as shown by a test is shown by a test that exists."""

import re

import pytest

from clinic.runtime.folder import PROJECT

PAGE = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")


def missing(page: str) -> list[str]:
    """The tests that a page names and that do not exist."""
    lacking = []
    for path, name in _NAMED.findall(page):
        file = PROJECT / path
        source = file.read_text(encoding="utf-8") if file.is_file() else ""
        if f"def {name or 'test_'}" not in source:
            lacking.append(f"{path}::{name}")
    return lacking


def rows(page: str) -> list[list[str]]:
    """The rows of the tables of safeguards and sections, without their heads."""
    part = page.partition("## 164.312")[2].partition("## Scanners")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines if not line.startswith(("| safeguard", "| section"))]


def test_every_test_that_is_named_exists() -> None:
    assert missing(PAGE) == []


@pytest.mark.parametrize("named", ["`tests/test_nothing.py`", "`tests/test_logs.py::test_that_there_is_not`"])
def test_the_look_sees_one_that_does_not_exist(named: str) -> None:
    assert len(missing(named)) == 1


def test_every_safeguard_and_section_names_what_shows_it() -> None:
    found = rows(PAGE)
    assert len(found) > 40
    assert [row[0] for row in found if len(row) != 3 or "`" not in row[2]] == []
