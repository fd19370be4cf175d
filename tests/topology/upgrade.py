"""The way to another major version: a backup of this database, restored into the embedded one, which is newer."""

import os
import subprocess
import sys

import pyrage
from django.db import connection

from clinic.runtime.cluster import OWNER_ROLE, throwaway
from clinic.runtime.folder import PROJECT
from tests.topology.findings import Findings
from tests.topology.machines import Topology

NEW = "moved"


def run(topology: Topology, findings: Findings) -> None:
    """Back up, restore, and let the command compare every table's rows and the trail's chain."""
    folder = topology.folder / NEW
    folder.mkdir(mode=0o711)
    identity = pyrage.x25519.Identity.generate()
    (folder / "key").write_text(f"{identity}\n")
    environment = os.environ | topology.environment | topology.owner | {"CLINIC_DATA": str(folder / "data")}
    file = folder / "clinic.age"
    old = connection.get_database_version()[0]
    _manage(environment, "backup", str(file), "--recipient", str(identity.to_public()))
    with throwaway() as server:
        server.create_database(NEW, template="template0")
        into = server.url(OWNER_ROLE, NEW)
        said = _manage(environment, "restore", str(file), "--identity", str(folder / "key"), "--into", into)
    findings.note(
        f"the database of PostgreSQL {old}, restored into the embedded one",
        said.strip().splitlines()[-1],
        "every table's rows and the trail's chain agree",
        "the audit trail is whole" in said,
    )


def _manage(environment: dict[str, str], *words: str) -> str:
    """What the command said; after a failure its last words too."""
    command = [sys.executable, str(PROJECT / "manage.py"), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + (f"\nfailed: {done.stderr.strip()[-300:]}" if done.returncode else "")
