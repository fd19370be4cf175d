"""`python -m tests.scan HOME --out FOLDER [--password P] [--link URL]`: wapiti and sqlmap, signed out, as each role,
and behind a patient's link. Exit 0 when both name the planted holes and nothing else.

HOME is a demo clinic served with DJANGO_SETTINGS_MODULE=tests.scan.settings. Both programs are looked for on the PATH.
"""

import argparse
import json
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from tests.scan.forms import START, TOKEN, Form, Walker

ROLES = ("frontdesk", "manager", "doctor", "nurse")
TOOLS = ("wapiti", "sqlmap")
#: Of wapiti: everything that looks at a clinic's own pages; not what fetches lists or asks servers elsewhere.
MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,sql,xss,xxe"
)
#: Kinds of pages that are walked through for forms.
PAGES = 150
_HOLE = re.compile(r"Parameter: (\S+) \((GET|POST)\)")


def main() -> int:
    """Scan, write what was found beside each other, say it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", help="such as http://127.0.0.1:8117/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--password", default="", help="of the demo's people")
    parser.add_argument("--link", default="", help="a patient's link")
    parser.add_argument("--seconds", type=int, default=600, help="for wapiti, each time")
    parser.add_argument("--only", choices=("out", "patient", *ROLES), help="as this one alone")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = _planted(options.home, options.out, options.seconds, options.tools)
    is_sharp = found == set(options.tools)
    print(f"{'ok   ' if is_sharp else 'BLUNT'} the planted holes are named by: {', '.join(sorted(found)) or 'nobody'}")
    holes, seen = 0, set[object]()
    for name, walker in _walkers(options):
        if "wapiti" in options.tools:
            holes += _wapiti(name, options.home, walker, options.out, options.seconds)
        if "sqlmap" in options.tools:
            forms = [form for form in walker.all_forms(PAGES) if form.kind not in seen]
            seen |= {form.kind for form in forms}
            print(f"sqlmap {name}: {len(forms)} kinds of forms that were not seen before", flush=True)
            holes += sum(_sqlmap(f"{name} {number}", form, walker, options.out) for number, form in enumerate(forms))
    return 0 if is_sharp and not holes else 1


def _walkers(options: argparse.Namespace) -> Iterator[tuple[str, Walker]]:
    wanted = [one for one in ("out", "patient", *ROLES) if options.only in {None, one}]
    for name in wanted:
        walker = Walker(options.home)
        if name in ROLES and options.password:
            walker.sign_in(name, options.password)
        elif name == "patient" and options.link:
            walker.get(options.link)
        elif name != "out":
            continue
        yield name, walker


def _planted(home: str, out: Path, seconds: int, tools: list[str]) -> set[str]:
    """Who finds what was planted: the control."""
    walker, address = Walker(home), urllib.parse.urljoin(home, "planted/?q=M&w=x")
    form = Form(address, address, "GET", (("q", "M"), ("w", "x")))
    found = set()
    if "wapiti" in tools and _wapiti("planted", address, walker, out, seconds, modules="sql,xss", is_quiet=True):
        found.add("wapiti")
    if "sqlmap" in tools and _sqlmap("planted", form, walker, out, is_quiet=True):
        found.add("sqlmap")
    return found


def _wapiti(
    name: str, home: str, walker: Walker, out: Path, seconds: int, *, modules: str = MODULES, is_quiet: bool = False
) -> int:
    """How many holes it names; the report is a file."""
    report = out / f"wapiti-{name}.json"
    scope = "page" if is_quiet else "folder"
    command = ["wapiti", "-u", home, "--scope", scope, "-m", modules, "-f", "json", "-o", str(report), "--no-bugreport"]
    at_most = str(seconds if is_quiet else seconds // 6)
    command += ["--flush-session", "--max-scan-time", str(seconds), "--max-attack-time", at_most]
    command += ["--max-links-per-page", "60", "--max-files-per-dir", "12", "-v", "0"]
    if not is_quiet:
        for path in START:
            command += ["-s", urllib.parse.urljoin(home, path)]
        for path in ("accounts/logout/", "accounts/lock/", "planted/"):
            command += ["-x", urllib.parse.urljoin(home, path) + "*"]
    command += ["-C", walker.cookies] if walker.cookies else []
    report.unlink(missing_ok=True)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(f"wapiti came to no end: {done.stdout[-500:]}{done.stderr[-500:]}")
    read = json.loads(report.read_text())
    if not is_quiet:
        for kind, rows in (read["vulnerabilities"] | read["anomalies"]).items():
            for first in rows[:1]:
                print(f"wapiti {name}: {kind}: {len(rows)}, such as {first['method']} {first['path']} {first['info']}")
        print(f"wapiti {name}: {read['infos'].get('crawled_pages_nbr', '?')} pages", flush=True)
    return sum(map(len, read["vulnerabilities"].values()))


def _sqlmap(name: str, form: Form, walker: Walker, out: Path, *, is_quiet: bool = False) -> int:
    """How many parameters it can inject through."""
    fields = urllib.parse.urlencode([(key, value) for key, value in form.fields if key != TOKEN])
    action = form.action.partition("?")[0]
    command = ["sqlmap", "--batch", "--disable-coloring", "--dbms", "PostgreSQL", "--level", "1", "--technique", "B"]
    command += ["--skip", "Host,User-Agent,Referer,Cookie", "--output-dir", str(out / "sqlmap"), "--flush-session"]
    command += ["--cookie", walker.cookies] if walker.cookies else []
    if form.method == "POST":
        token = dict(form.fields).get(TOKEN, "")
        command += ["-u", action, "--data", f"{fields}&{TOKEN}={token}", "--headers", f"Referer: {form.page}"]
        command += ["--csrf-token", TOKEN, "--csrf-url", form.page] if token else []
    elif fields:
        command += ["-u", f"{action}?{fields}"]
    else:
        return 0
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    (out / f"sqlmap-{name.replace(' ', '-')}.txt").write_text(f"{form}\n{said}")
    holes = set(_HOLE.findall(said))
    if not is_quiet:
        for parameter, method in holes:
            print(f"sqlmap {name}: {method} {action} {parameter}", flush=True)
    return len(holes)


if __name__ == "__main__":
    sys.exit(main())
