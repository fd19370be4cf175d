"""`python -m tests.scan HOME --out FOLDER`: wapiti and sqlmap over every page and form, signed out, as each role, and
behind links. Exit 0 when both name the planted holes, nothing else is named, and everything was looked at.

HOME is a demo clinic served with DJANGO_SETTINGS_MODULE=tests.scan.settings; this process reads the same CLINIC_DATA,
makes sessions and links there, and so wants one that is thrown away. docs/security.md has the commands.
"""

import argparse
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from tests.scan import tools
from tests.scan.forms import Form
from tests.scan.people import Person, everybody, takers

#: Seconds for the plain pages of one person.
PAGES_AT_MOST = 240
#: What wapiti says of a clinic that is served without TLS, as a demo is.
WITHOUT_TLS = {"Secure Flag cookie", "Strict Transport Security (HSTS)", "Unencrypted Channels"}


class Scan:
    """What was found so far, and until when is looked. What is done is kept in the folder: a scan that was stopped goes
    on where it was.
    """

    def __init__(self, home: str, out: Path, minutes: float) -> None:
        self.home, self.out = home, out
        self.until = time.monotonic() + minutes * 60
        self.kept = out / "done.txt"
        self.done = set(self.kept.read_text().splitlines()) if self.kept.exists() else set[str]()
        self.found: list[str] = []
        self.missed: list[str] = []

    def planted(self, one: Person) -> bool:
        """The control: whether both programs name what was planted for those who are signed in."""
        address = urllib.parse.urljoin(self.home, "planted/")
        form = Form(address, address, "GET", (("q", "M"), ("w", "x")))
        by_sqlmap = tools.sqlmap(self.out / "sqlmap-planted.txt", one.cookies, form)
        asked = [f"{address}?{form.data}"]
        by_wapiti = tools.wapiti(self.out / "wapiti-planted.json", one.cookies, asked, "xss", seconds=60)
        print(f"planted: sqlmap names {sorted(by_sqlmap)}, wapiti {by_wapiti}", flush=True)
        return by_sqlmap == {"q"} and "Reflected Cross Site Scripting" in by_wapiti

    def pages(self, one: Person) -> None:
        """What wapiti says of the pages that this person sees."""
        report, pages = self.out / f"wapiti-{one.name.replace(' ', '-')}.json", list(dict.fromkeys(one.pages))
        self._once(
            f"wapiti pages {one.name}",
            lambda: tools.wapiti(report, one.cookies, pages, tools.OF_PAGES, seconds=PAGES_AT_MOST),
        )

    def injections(self, one: Person, form: Form) -> None:
        """What sqlmap says of a form."""
        said = self.out / f"sqlmap-{form.file}.txt"

        def look() -> dict[str, int]:
            fields = tools.sqlmap(said, one.cookies, form) if form.asked else set[str]()
            return {f"injection through {field}": 1 for field in fields}

        self._once(f"sqlmap {form.name}", look)

    def scripts(self, one: Person, form: Form) -> None:
        """What wapiti says of a form."""
        is_post = form.method == "POST"
        address = form.action if is_post else f"{form.action.partition('?')[0]}?{form.data}"
        report, data = self.out / f"wapiti-{form.file}.json", form.data if is_post else ""
        self._once(
            f"wapiti {form.name}",
            lambda: tools.wapiti(report, one.cookies, [address], tools.OF_FORMS, data=data, seconds=tools.A_FORM),
        )

    def _once(self, what: str, look: Callable[[], dict[str, int]]) -> None:
        """Look unless it was done; where the time is up or a program comes to no verdict, that is said at the end."""
        if what in self.done:
            return
        try:
            if time.monotonic() > self.until:
                raise tools.Unfinished("no time was left")
            self._note(what, look())
        except tools.Unfinished as error:
            self.missed.append(f"{what}: {error}")
            return
        self.done.add(what)
        with self.kept.open("a") as file:
            file.write(f"{what}\n")

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
    people = [one for one in everybody(options.home) if one.pages]
    is_sharp = scan.planted(people[0])
    forms = {form.kind: (one, form) for one in reversed(people) for form in reversed(one.forms)}
    # The short ones first: where the time is too short for all, it is enough for most.
    todo = sorted(forms.values(), key=lambda one: len(one[1].asked))
    pages, fields = sum(len(set(one.pages)) for one in people), sum(len(form.asked) for _one, form in todo)
    views = {form.view for _one, form in todo}
    print(f"{pages} pages; {len(todo)} forms of {len(views)} views, {fields} fields", flush=True)
    unseen = takers() - views
    print(f"views that take a form which no page showed: {', '.join(sorted(unseen)) or 'none'}", flush=True)
    for one in people:
        scan.pages(one)
    for look in (scan.injections, scan.scripts):
        for one, form in todo:
            look(one, form)
    scan.missed += [f"{one.name} was signed out before the end" for one in people if not one.is_still_in()]
    print("\n".join(["found:", *scan.found, "missed:", *scan.missed]))
    return 0 if is_sharp and not scan.found and not scan.missed else 1


if __name__ == "__main__":
    sys.exit(main())
