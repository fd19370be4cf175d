"""`python -m tests.scan HOME --out FOLDER`: wapiti and sqlmap over every page and form, signed out, as each role, and
behind links. Exit 0 when both name the planted holes, nothing else is named, and everything was looked at.

HOME is a demo clinic served with DJANGO_SETTINGS_MODULE=tests.scan.settings; this process reads the same CLINIC_DATA,
makes sessions and links there, and so wants one that is thrown away. docs/security.md has the commands.
"""

import argparse
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.scan import tools
from tests.scan.forms import Form
from tests.scan.people import Person, everybody, takers

#: What wapiti says of a clinic that is served without TLS, as a demo is.
WITHOUT_TLS = {"Secure Flag cookie", "Strict Transport Security (HSTS)", "Unencrypted Channels"}


class Scan:
    """What was found so far, and until when is looked."""

    def __init__(self, home: str, out: Path, minutes: float) -> None:
        self.home, self.out = home, out
        self.until = time.monotonic() + minutes * 60
        self.seen: set[object] = set()
        self.views: Counter[str] = Counter()
        self.fields = self.pages = 0
        self.found: list[str] = []
        self.missed: list[str] = []

    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.until

    def planted(self) -> bool:
        """The control: whether both programs name what was planted."""
        address = urllib.parse.urljoin(self.home, "planted/")
        form = Form(address, address, "GET", (("q", "M"), ("w", "x")))
        by_sqlmap = tools.sqlmap(self.out / "sqlmap-planted.txt", "", form)
        by_wapiti = tools.wapiti(self.out / "wapiti-planted.json", "", [f"{address}?{form.data}"], "xss", seconds=60)
        print(f"planted: sqlmap names {sorted(by_sqlmap)}, wapiti {by_wapiti}", flush=True)
        return by_sqlmap == {"q"} and "Reflected Cross Site Scripting" in by_wapiti

    def person(self, one: Person) -> None:
        """Everything that this person sees and nobody before has had looked at."""
        name = one.name.replace(" ", "-")
        forms = [form for form in one.forms if form.kind not in self.seen]
        forms = list({form.kind: form for form in forms}.values())
        self.seen |= {form.kind for form in forms}
        pages = list(dict.fromkeys(one.pages))
        report = self.out / f"wapiti-{name}.json"
        with self._in(f"{one.name}, pages"):
            self._note(f"{one.name}, pages", tools.wapiti(report, one.cookies, pages, tools.OF_PAGES, seconds=240))
        self.pages += len(pages)
        for number, form in enumerate(forms):
            if self.is_over():
                self.missed += [f"{one.name}: {left.method} {left.view}" for left in forms[number:]]
                break
            self._form(f"{name}-{number}", one, form)
        if not one.is_still_in():
            self.missed.append(f"{one.name} was signed out before the end")
        print(f"{one.name}: {len(pages)} pages, {len(forms)} forms that were not seen before", flush=True)

    def _form(self, name: str, one: Person, form: Form) -> None:
        where = f"{one.name}, {form.method} {form.view}"
        self.views[f"{form.method} {form.view}"] += 1
        self.fields += len(form.asked)
        with self._in(where):
            for field in tools.sqlmap(self.out / f"sqlmap-{name}.txt", one.cookies, form) if form.asked else ():
                self._note(where, {f"sqlmap: injection through {field}": 1})
        address = form.action if form.method == "POST" else f"{form.action.partition('?')[0]}?{form.data}"
        data = form.data if form.method == "POST" else ""
        report = self.out / f"wapiti-{name}.json"
        with self._in(where):
            found = tools.wapiti(report, one.cookies, [address], tools.OF_FORMS, data=data, seconds=tools.A_FORM)
            self._note(where, found)

    @contextmanager
    def _in(self, where: str) -> Iterator[None]:
        """What a program has not finished is said at the end."""
        try:
            yield
        except tools.Unfinished as error:
            self.missed.append(f"{where}: {error}")

    def _note(self, where: str, found: dict[str, int]) -> None:
        for kind, times in found.items():
            line = f"{where}: {kind}: {times}"
            print(line, flush=True)
            if kind not in WITHOUT_TLS:
                self.found.append(line)


def main() -> int:
    """Scan, and say what was found and what was not looked at."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", help="such as http://127.0.0.1:8117/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument(
        "--only", action="append", help="as this one: frontdesk, manager, patient, ... (may be repeated)"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scan = Scan(options.home, options.out, options.minutes)
    is_sharp = scan.planted()
    for one in everybody(options.home):
        if not options.only or one.name in options.only:
            scan.person(one)
    print(f"{scan.pages} pages; {sum(scan.views.values())} forms of {len(scan.views)} views, {scan.fields} fields")
    unseen = takers() - {view.partition(" ")[2] for view in scan.views}
    print(f"views that take a form which no page showed: {', '.join(sorted(unseen)) or 'none'}")
    print("\n".join(["found:", *scan.found, "missed:", *scan.missed]))
    return 0 if is_sharp and not scan.found and not scan.missed else 1


if __name__ == "__main__":
    sys.exit(main())
