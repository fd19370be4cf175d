"""The benchmark's second process is led away from everything that is real."""

import os
from pathlib import Path

from clinic import clock
from clinic.runtime.cluster import Cluster
from scheduling.bench.server import MORNING, environment

REAL = {
    "PATH": "/usr/bin",
    "DATABASE_URL": "postgres://real/clinic",
    "DATABASE_OWNER_URL": "postgres://real/clinic",
    "EMAIL_URL": "smtp://real",
    "REDIS_URL": "redis://real",
    "PUBLIC_URL": "https://real.example",
    "CLINIC_ENVIRONMENT": "production",
    "SECRET_KEY": "real",
    "CLINIC_DATA": "/srv/real",
    "PGHOST": "real",
}


def test_no_address_of_the_clinic_reaches_the_benchmark(tmp_path: Path) -> None:
    given = environment(Cluster(tmp_path, durable=False), REAL)
    assert not [name for name, value in given.items() if "real" in value]
    assert given["PATH"] == "/usr/bin"
    assert given["CLINIC_DATA"] == str(tmp_path)
    assert given["DATABASE_URL"] != given["DATABASE_OWNER_URL"]


def test_the_benchmark_begins_on_its_own_morning(tmp_path: Path) -> None:
    offset = float(environment(Cluster(tmp_path, durable=False), dict(os.environ))["CLINIC_CLOCK_OFFSET_SECONDS"])
    moved = clock.now().timestamp() + offset
    assert abs(moved - MORNING.timestamp()) < 60
