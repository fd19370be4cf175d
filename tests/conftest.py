"""Fixtures for every test: the database as the application sees it."""

import os
from collections.abc import Iterator

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test.testcases import TransactionTestCase
from psycopg2 import sql

# Pages name static files by the names that collectstatic would give; in tests nobody has collected them.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

KEEP = {"django_migrations", "django_content_type", "auth_permission", "patients_questionnaire", "patients_flagcode"}


def _admin(dbname: str, user: str = "postgres") -> "psycopg2.extensions.connection":
    connection = psycopg2.connect(host=os.environ["CLINIC_TEST_SERVER"], user=user, dbname=dbname)
    connection.autocommit = True
    return connection


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest, request: pytest.FixtureRequest) -> Iterator[None]:
    """Make this process's own database, migrated by the owner; the tests then connect as the application's role."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}"
    with _admin("postgres").cursor() as cursor:
        for role in ("clinic_owner", "clinic_app"):
            cursor.execute(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER clinic_owner").format(sql.Identifier(name)))
    with _admin(name).cursor() as cursor:
        cursor.execute(
            "CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; ALTER SCHEMA public OWNER TO clinic_owner"
        )
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for alias in ("default", "owner"):
            settings.DATABASES[alias]["NAME"] = name
            connections[alias].settings_dict["NAME"] = name
        call_command("migrate", database="owner", verbosity=0)
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()


def _flush_as_owner(self: TransactionTestCase) -> None:
    """What a test that commits leaves behind is removed by the owner: the application's role may not truncate."""
    name = settings.DATABASES["default"]["NAME"]
    with _admin(name, "clinic_owner").cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall() if row[0] not in KEEP]
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))


TransactionTestCase._fixture_teardown = _flush_as_owner  # type: ignore[method-assign]
