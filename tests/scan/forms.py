"""Who walks through the clinic as a browser does, and the forms that are found on the way, each kind once."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from dataclasses import dataclass
from html.parser import HTMLParser

TOKEN = "csrfmiddlewaretoken"
#: Pages to begin from beside the first: no link leads there.
START = ("consult/", "my/")
#: What ends the session or another's, and what is no page.
LEFT_OUT = re.compile(r"^/(accounts/(logout|lock|stay)|static|metrics|my/leave|my/language)|\.(ics|csv|pdf)$")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d|\b\d+\b")


@dataclass(frozen=True, slots=True)
class Form:
    """Where it is sent, how, and what it holds: (name, value) pairs."""

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> tuple[str, str, tuple[str, ...]]:
        """The same for the same form about another patient."""
        return self.method, kind_of(self.action), tuple(sorted({name for name, _ in self.fields}))


def kind_of(address: str) -> str:
    """The address without ids, days and what stands behind the question mark."""
    return _ID.sub("*", urllib.parse.urlsplit(address).path)


class _Page(HTMLParser):
    """Links and forms of one page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: tuple[str, str, list[tuple[str, str]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(urllib.parse.urljoin(self.address, given["href"]))
        elif tag == "form":
            action = urllib.parse.urljoin(self.address, given.get("action") or self.address)
            self._open = (action, given.get("method", "get").upper(), [])
        elif tag in {"input", "select", "textarea", "button"} and self._open and given.get("name"):
            self._open[2].append((given["name"], given.get("value") or "1"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            action, method, fields = self._open
            self.forms.append(Form(self.address, action, method, tuple(dict(fields).items())))
            self._open = None


class Walker:
    """A browser without a face, with its cookies."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    @property
    def cookies(self) -> str:
        """As a header carries them."""
        return "; ".join(f"{one.name}={one.value}" for one in self._jar)

    def get(self, address: str) -> tuple[str, str]:
        """Where it led, and the page; empty for what is no page."""
        try:
            with self._opener.open(urllib.parse.urljoin(self.home, address), timeout=120) as answer:
                is_page = answer.headers.get_content_type() == "text/html"
                return answer.url, answer.read().decode(errors="replace") if is_page else ""
        except urllib.error.HTTPError as error:
            return error.url or "", ""

    def sign_in(self, username: str, password: str) -> None:
        """By the page, as people do. Raises ValueError where it does not let in."""
        address, page = self.get("/accounts/login/")
        form = next(one for one in self.forms_of(address, page) if "password" in dict(one.fields))
        typed = dict(form.fields) | {"login": username, "password": password}
        request = urllib.request.Request(form.action, urllib.parse.urlencode(typed).encode(), {"Referer": address})
        with self._opener.open(request, timeout=120) as answer:
            if "/login" in answer.url:
                raise ValueError(f"{username} was not let in.")

    def forms_of(self, address: str, page: str) -> list[Form]:
        """The forms of a page."""
        return self._read(address, page).forms

    def _read(self, address: str, page: str) -> _Page:
        found = _Page(address)
        found.feed(page)
        return found

    def all_forms(self, most: int) -> list[Form]:
        """Of the first `most` kinds of pages that links lead to; those that end the session left out."""
        ahead = deque(urllib.parse.urljoin(self.home, path) for path in ("", *START))
        seen = set(map(kind_of, ahead))
        found: dict[object, Form] = {}
        while ahead and most:
            address, page = self.get(ahead.popleft())
            most -= 1
            read = self._read(address, page)
            for form in read.forms:
                if not LEFT_OUT.search(urllib.parse.urlsplit(form.action).path):
                    found.setdefault(form.kind, form)
            for link in read.links:
                parts = urllib.parse.urlsplit(link)
                is_ours = link.startswith(self.home) and not LEFT_OUT.search(parts.path)
                if is_ours and kind_of(link) not in seen:
                    seen.add(kind_of(link))
                    ahead.append(link)
        return list(found.values())
