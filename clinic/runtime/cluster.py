"""The embedded PostgreSQL cluster in the data folder."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

from clinic.runtime import secrets

DATABASE, APP_ROLE, OWNER_ROLE = "clinic", "clinic_app", "clinic_owner"


def socket_folder(data: Path) -> Path:
    """A short folder for the socket: a socket's path may have 107 bytes at most."""
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path("/tmp") / f"clinic-{os.getuid()}-{digest}"  # noqa: S108


def embedded_urls(data: Path) -> tuple[str, str]:
    """The addresses of the embedded database for the application's role and for the owner's. Starts nothing."""
    host = quote(str(socket_folder(data)), safe="")
    app, owner = (
        f"postgres://{role}:{secrets.generated(data, f'{role}_password', length=32)}@{host}/{DATABASE}"
        for role in (APP_ROLE, OWNER_ROLE)
    )
    return app, owner
