"""The forms of a page, filled in with what each field could hold, so that a form is not refused at its first field."""

import re
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from django.urls import Resolver404, resolve

TOKEN = "csrfmiddlewaretoken"
#: By the type of an input without a value.
TYPED = {
    "email": "ada@example.org",
    "date": "2027-04-06",
    "time": "09:00",
    "datetime-local": "2027-04-06T09:00",
    "number": "2",
    "tel": "+16175550123",
    "password": "lamp orbit cactus violin",
}


@dataclass(frozen=True, slots=True)
class Form:
    """Where it stands, where it is sent, how, and what it holds: (name, value) pairs."""

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]

    @property
    def view(self) -> str:
        """The name of the view that takes it; the path where none has one."""
        path = urlsplit(self.action).path
        try:
            return resolve(path).view_name or path
        except Resolver404:
            return path

    @property
    def kind(self) -> tuple[str, str, frozenset[str]]:
        """The same for the same form about something else."""
        return self.method, self.view, frozenset(name for name, _value in self.fields)

    @property
    def name(self) -> str:
        """`kind` in one line."""
        return f"{self.method} {self.view} {','.join(sorted({name for name, _value in self.fields}))}"

    @property
    def file(self) -> str:
        """`kind` as a part of the name of a file."""
        return re.sub(r"\W", "-", f"{self.method} {self.view} {sha256(self.name.encode()).hexdigest()[:8]}")

    @property
    def asked(self) -> list[str]:
        """The fields to try, without the token: of a field that stands there for each row, the first."""
        kinds = {re.sub(r"\d+", "*", name): name for name, _value in reversed(self.fields) if name != TOKEN}
        return list(reversed(kinds.values()))

    @property
    def data(self) -> str:
        """The fields as a browser sends them."""
        return urlencode(self.fields)


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[Form] = []
        self._open: tuple[str, str] | None = None
        self._fields: dict[str, str] = {}
        #: The select that is open, and whether a choice of it was taken as chosen.
        self._select, self._is_chosen = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._open, self._fields = (action, given.get("method", "get").upper()), {}
        elif self._open is None:
            return
        elif tag == "select":
            self._select, self._is_chosen = name, False
            self._fields.setdefault(name, "")
        elif tag == "option" and self._select and not self._is_chosen:
            if "selected" in given or not self._fields[self._select]:
                self._fields[self._select] = given.get("value", "")
                self._is_chosen = "selected" in given
        elif tag == "textarea" and name:
            self._fields[name] = "half a sentence"
        elif tag in {"input", "button"} and name:
            self._input(name, given)

    def _input(self, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind == "file":
            return
        value = given.get("value", "") or TYPED.get(kind, "1" if kind in {"checkbox", "radio"} else "Maren")
        if kind == "radio" and name in self._fields and "checked" not in given:
            return
        self._fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "form" and self._open is not None:
            action, method = self._open
            self.found.append(Form(self.address, action, method, tuple(self._fields.items())))
            self._open = None


def forms_of(address: str, page: str) -> list[Form]:
    """The forms of the page at `address`, those without a field left out."""
    reader = _Forms(address)
    reader.feed(page)
    return [form for form in reader.found if form.fields]
