"""wapiti and sqlmap, each asked about one thing for a bounded time. Both are looked for on the PATH."""

import json
import re
import subprocess
from pathlib import Path

from tests.scan.forms import Form
from tests.scan.settings import WORD

#: Of wapiti, for plain pages: what every answer says, and whether an address's question comes back as a script.
OF_PAGES = "cookieflags,crlf,csp,http_headers,methods,redirect,xss"
#: For forms: injections are sqlmap's.
OF_FORMS = "crlf,csrf,redirect,xss"
#: Seconds for one form, or for each of its fields where it has many, and for one of wapiti's attacks on it.
A_FORM, A_FIELD, AN_ATTACK = 300, 20, 5
_HOLE = re.compile(r"Parameter: (\S+) \((GET|POST)\)")
_NONE = "all tested parameters do not appear to be injectable"


class Unfinished(Exception):
    """A program came to no verdict."""


def wapiti(out: Path, cookies: str, pages: list[str], modules: str, *, data: str = "", seconds: int) -> dict[str, int]:
    """Look at `pages`, or at what the first of them does with the form `data`: kind of finding to how often.

    Raises Unfinished where it left no report.
    """
    command = ["wapiti", "-u", pages[0], "--scope", "url" if data else "domain", "-d", "0", "-m", modules]
    command += ["-f", "json", "-o", str(out), "--no-bugreport", "--flush-session", "-v", "0", "--tasks", "1"]
    command += ["--max-scan-time", str(seconds), "--max-attack-time", str(AN_ATTACK if data else seconds)]
    # Not --drop-set-cookie: it takes the cookies off the requests.
    command += ["-H", f"{WORD}: 1", *(["-C", cookies] if cookies else [])]
    command += ["--data", data] if data else [part for page in pages[1:] for part in ("-s", page)]
    out.unlink(missing_ok=True)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if not out.exists():
        raise Unfinished(f"wapiti: {done.stdout[-300:]}{done.stderr[-300:]}")
    read = json.loads(out.read_text())
    return {kind: len(rows) for kind, rows in (read["vulnerabilities"] | read["anomalies"]).items() if rows}


def sqlmap(out: Path, cookies: str, form: Form) -> set[str]:
    """Which fields of the form let a statement through. Raises Unfinished where the time was too short for all."""
    command = ["sqlmap", "--batch", "--disable-coloring", "--dbms", "PostgreSQL", "--level", "1", "--risk", "1"]
    command += ["--technique", "BE", "--threads", "1", "--timeout", "20", "--retries", "1", "--skip-waf"]
    seconds = max(A_FORM, A_FIELD * len(form.asked))
    command += ["--time-limit", str(seconds), "-p", ",".join(form.asked), "--drop-set-cookie", "--flush-session"]
    command += ["--ignore-code", "*", "--output-dir", str(out.parent / "sqlmap"), "--headers", f"{WORD}: 1"]
    command += ["--cookie", cookies] if cookies else []
    if form.method == "POST":
        command += ["-u", form.action, "--data", form.data]
    else:
        command += ["-u", f"{form.action.partition('?')[0]}?{form.data}"]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    out.write_text(f"{form}\n{said.stdout}{said.stderr}")
    found = {name for name, _method in _HOLE.findall(said.stdout)}
    if not found and _NONE not in said.stdout:
        raise Unfinished("sqlmap")
    return found
