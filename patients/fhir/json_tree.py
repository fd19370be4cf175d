"""JSON from outside, read without trust: each value is asked for with the type that it must have.

Whatever is wrong raises BadFile with a sentence that names the place ("Patient.name[0].family should be text, but is
a list"). The sentences carry element names and codes only, never a value about the patient."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

#: Characters that PostgreSQL cannot store or that no name, code or address holds: control characters but tab and line
#: ends, lone surrogates.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_WORDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    Decimal: "a number",
    type(None): "null",
}


class BadFile(Exception):
    """The file, or something in it, is not what it must be. The text says what, for the person who imports."""


def load(data: bytes) -> Any:
    """The JSON value in `data` (UTF-8, a byte order mark allowed); numbers with a point come as Decimal.

    Raises BadFile for anything else: no text, cut off, no JSON, NaN, endless nesting, numbers beyond all measure.
    """
    if not data.strip():
        raise BadFile("The file is empty.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile("The file is not text in UTF-8, so it is no FHIR file in JSON.") from None
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith(("{", "[")):
            raise BadFile("The file is not JSON.") from None
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            raise BadFile("The file is cut off: its JSON ends in the middle.") from None
        raise BadFile(f"The file is not valid JSON from line {error.lineno} on.") from None
    except (ValueError, ArithmeticError):
        raise BadFile("The file holds a number that cannot be read.") from None
    except RecursionError:
        raise BadFile("The file is nested too deeply to be a FHIR file.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object and the path that leads to it. An absent member and a null are the same."""

    value: dict[str, Any]
    path: str

    def _get(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        found = self.value.get(key)
        if found is None:
            return None
        # bool is an int to Python, and no number to FHIR.
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise BadFile(
                f"{self.path}.{key} should be {expected}, but is {_WORDS.get(type(found), 'something else')}."
            )
        return found

    def text(self, key: str) -> str:
        """A text without blanks around it; empty when absent."""
        return clean(self._get(key, str, "text") or "", f"{self.path}.{key}")

    def boolean(self, key: str) -> bool | None:
        """True, false, or None when absent."""
        found: bool | None = self._get(key, bool, "true or false")
        return found

    def number(self, key: str) -> Decimal | None:
        """A number, or None when absent."""
        found = self._get(key, (int, Decimal), "a number")
        return None if found is None else Decimal(found)

    def node(self, key: str) -> "Node | None":
        """An object, or None when absent."""
        found = self._get(key, dict, "an object")
        return None if found is None else Node(found, f"{self.path}.{key}")

    def nodes(self, key: str) -> "list[Node]":
        """A list of objects; empty when absent."""
        found = self._get(key, list, "a list") or []
        return [self._item(key, place, item) for place, item in enumerate(found)]

    def _item(self, key: str, place: int, item: Any) -> "Node":
        if not isinstance(item, dict):
            raise BadFile(
                f"{self.path}.{key}[{place}] should be an object, but is {_WORDS.get(type(item), 'something else')}."
            )
        return Node(item, f"{self.path}.{key}[{place}]")

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty ones and nulls left out (a null stands where only an extension is)."""
        found = self._get(key, list, "a list") or []
        for place, item in enumerate(found):
            if item is not None and not isinstance(item, str):
                raise BadFile(
                    f"{self.path}.{key}[{place}] should be text, but is {_WORDS.get(type(item), 'something else')}."
                )
        cleaned = [clean(item, f"{self.path}.{key}") for item in found if item]
        return [item for item in cleaned if item]


def clean(text: str, path: str) -> str:
    """`text` with single blanks and none around it. Raises BadFile for characters that cannot be stored."""
    if _UNFIT.search(text):
        raise BadFile(f"{path} holds a character that cannot be stored (a NUL, a control character or half of a pair).")
    return " ".join(text.split())


def fits(text: str, limit: int, path: str) -> str:
    """`text` itself. Raises BadFile when it is longer than `limit` characters."""
    if len(text) > limit:
        raise BadFile(f"{path} is longer than {limit} characters.")
    return text
