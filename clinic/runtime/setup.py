"""What a start does to the database and the static files before anybody is served. Needs Django's settings."""

import hashlib
import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import OperationalError, connections

from clinic.models import Heartbeat, Site, User
from clinic.runtime import secrets
from clinic.runtime.errors import CannotStart

DEMO_USERS = ("frontdesk", "nurse", "doctor", "manager", "support")
#: Characters of a generated demo password; the validators ask for 15.
DEMO_PASSWORD_LENGTH = 20


def reach_database() -> None:
    """Raises CannotStart, in one line, when a database given from outside does not answer."""
    for alias in ("owner", "default"):
        try:
            connections[alias].ensure_connection()
        except OperationalError as error:
            reason = " ".join(str(error).split())
            raise CannotStart(f"The database does not answer as {alias}: {reason}") from error


def migrate() -> None:
    """Bring the tables up to date, as the owner."""
    call_command("migrate", verbosity=0, interactive=False)


def forget_the_last_run() -> None:
    """Signs of life and nudges of an earlier start say nothing about this one.

    Ready means that the worker answered now. What is due stands in the database, and the beat looks there at once.
    """
    Heartbeat.objects.all().delete()
    if settings.METRICS_FOLDER:
        shutil.rmtree(settings.METRICS_FOLDER, ignore_errors=True)
    if not settings.REDIS_URL:
        for nudge in Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).iterdir():
            nudge.unlink()


def static_files_changed() -> bool:
    """Whether any static file's name, size or date differs from those last collected."""
    return _static_stamp().read_text(encoding="ascii") != _static_digest() if _static_stamp().exists() else True


def collect_static_files() -> None:
    """Compress and fingerprint all static files into STATIC_ROOT, and remember which they were."""
    call_command("collectstatic", verbosity=0, interactive=False)
    _static_stamp().write_text(_static_digest(), encoding="ascii")


def _static_stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def _static_digest() -> str:
    digest = hashlib.sha256(str(settings.BASE_DIR).encode())
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def database_is_empty() -> bool:
    """Whether nobody and nothing is in the clinic yet."""
    return not Site.objects.exists() and not User.objects.exists()


def demo_password(given: str) -> str:
    """The password for the demo's users: `given`, else the one kept in the data folder, made at the first call.

    Raises CannotStart when `given` is one that the clinic would accept of nobody.
    """
    if given:
        try:
            validate_password(given)
        except ValidationError as error:
            raise CannotStart(f"DEMO_PASSWORD will not do: {' '.join(error.messages)}") from error
    return secrets.generated(settings.CLINIC_DATA, "demo_password", given, DEMO_PASSWORD_LENGTH)


def fill_demo(password: str) -> None:
    """Make the demo clinic, and keep its password for the next start to tell."""
    call_command("demo")
    secrets.keep(settings.CLINIC_DATA, "demo_password", password)


def sign_ins(password: str) -> str:
    """What to tell about the demo's sign-ins; empty where there are none or they have passwords of their own by now."""
    hashes = dict(User.objects.filter(username__in=DEMO_USERS).values_list("username", "password"))
    names = [name for name in DEMO_USERS if name in hashes]
    for candidate in (password, secrets.generated(settings.CLINIC_DATA, "demo_password")):
        if len(names) > 1 and all(check_password(candidate, found) for found in hashes.values()):
            return f"Sign in as {', '.join(names[:-1])} or {names[-1]} with the password {candidate}"
    return ""
