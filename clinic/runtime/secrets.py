"""Secrets: given from outside in production, made once and kept in the data folder (mode 0600) elsewhere."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env


def required(env: Env, name: str) -> str:
    """The value of `name`, or of the file named by `name`_FILE (Docker and Kubernetes secrets).

    Raises ImproperlyConfigured when neither is there: production never starts on a made-up secret.
    """
    value = optional(env, name)
    if not value:
        raise ImproperlyConfigured(f"{name} (or {name}_FILE) must be set in production.")
    return value


def optional(env: Env, name: str) -> str:
    """As `required`, but empty where neither is there. A value from a file is put into the environment too."""
    file = env.str(f"{name}_FILE", "")
    value = Path(file).read_text(encoding="utf-8").strip() if file else env.str(name, "")
    if value:
        os.environ[name] = value
    return value


def generated(folder: Path, name: str, given: str = "", length: int = 50) -> str:
    """The given value, else the one kept in `folder`/secrets/`name`, made at the first call.

    Returns a text of `length` characters from 64 (6 bits each). Two processes that start together agree: the file is
    created exclusively, and the loser reads the winner's.
    """
    if given:
        return given
    path = folder / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = secrets.token_urlsafe(length)[:length]
    scratch = path.with_name(f".{name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(fresh)
        # link() refuses an existing name and publishes the whole content at once.
        with suppress(FileExistsError):
            os.link(scratch, path)
        scratch.unlink()
    return path.read_text(encoding="utf-8").strip()


def generated_key(folder: Path, name: str) -> str:
    """As `generated`, for a Fernet key: 32 random bytes in base64 (43 characters of 6 bits, and the padding)."""
    # The last of 43 characters carries two bits that stand for nothing and must be 0.
    text = generated(folder, name, length=42)
    return f"{text}A="


def keep(folder: Path, name: str, value: str) -> None:
    """Write `value` where `generated` looks for `name`, in place of what is there."""
    path = folder / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".{name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
    scratch.replace(path)
