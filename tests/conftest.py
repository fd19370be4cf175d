"""Fixtures for every test: the database as the application sees it, a real mail server, a real browser."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import WSGIServer
from django.db import connections
from django.test import Client
from django.test.testcases import TransactionTestCase
from playwright.sync_api import expect
from psycopg2 import sql
from pytest_django import DjangoDbBlocker

from clinic.runtime.cluster import DATABASE, OWNER_ROLE
from clinic.session_limits import Limits
from tests.database import cluster
from tests.reading import only_reading
from tests.smtp import Sink

# whitenoise looks for the folder when the program starts.
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Pages name static files by the names that collectstatic would give; in tests nobody has collected them.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Tests travel in time; those about sessions set limits of their own.
settings.SESSION_LIMITS = {role: Limits(timedelta(days=9999), timedelta(days=9999)) for role in settings.SESSION_LIMITS}
# Playwright's event loop runs in the thread of the test, which then may still use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# A busy machine may take longer than five seconds over a page.
expect.set_options(timeout=30_000)

# Fifty clerks of tests/desk/test_race.py come at once: the server that tests talk to lets as many wait at its door.
WSGIServer.request_queue_size = 128

_request = Client.request


def _reading_is_only_reading(self: Client, **request: Any) -> Any:
    """Every GET of every test is watched: it may look, and write nothing, not even what it takes back again."""
    if request.get("REQUEST_METHOD", "GET") not in {"GET", "HEAD"}:
        return _request(self, **request)
    with only_reading():
        return _request(self, **request)


Client.request = _reading_is_only_reading  # type: ignore[method-assign]

#: What migrations put into the database; it stays when the rest is emptied.
KEEP = {"django_migrations", "django_content_type", "auth_permission", "patients_questionnaire", "patients_flagcode"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """This process's own database: migrated by the owner once per run, then copied. Tests connect as the
    application."""
    server = cluster()
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        with (server.data / "migrating").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            migrated = server.data / "migrated"
            if not migrated.exists():
                _use(DATABASE)
                call_command("migrate", database="owner", verbosity=0)
                connections["owner"].close()
                migrated.touch()
            server.create_database(name, template=DATABASE)
        _use(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()


def _use(name: str) -> None:
    for alias in ("default", "owner"):
        settings.DATABASES[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name


def _flush_as_owner(self: TransactionTestCase) -> None:
    """What a test that commits leaves behind is removed by the owner: the application's role may not truncate."""
    connection = cluster().connect(OWNER_ROLE, str(settings.DATABASES["default"]["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall() if row[0] not in KEEP]
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    connection.close()


TransactionTestCase._fixture_teardown = _flush_as_owner  # type: ignore[attr-defined]


@pytest.fixture
def smtp_sink(settings: Any) -> Iterator[Sink]:
    """A real SMTP server on a free port of this machine, to which Django's mail goes."""
    sink = Sink()
    sink.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
    settings.EMAIL_TIMEOUT = 5
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, without the connections that it would make by itself."""
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", *quiet],
    }


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that use a page are browser tests; without a Chromium they are left out, and the report says so."""
    browser = [
        item for item in items if "page" in getattr(item, "fixturenames", ()) or item.get_closest_marker("browser")
    ]
    for item in browser:
        item.add_marker("browser")
    if browser and CHROMIUM is None:
        left_out = set(browser)
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header(config: pytest.Config) -> str:
    """One line about the browser tests."""
    return f"browser: {CHROMIUM}" if CHROMIUM else "browser: no Chromium installed, so the browser tests are left out"
