"""Attach to the running database, or start one for the length of a command."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def database_for_command(argv: list[str]) -> Iterator[None]:
    """Make the database reachable for one manage.py command."""
    yield
