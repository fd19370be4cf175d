"""Birth dates as people type them into a search: whole ones, and parts of one."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date

#: First and last day that something typed may mean, both included.
Days = tuple[date, date]

#: The first three letters of the months, in the languages that patients' papers come in.
MONTHS: dict[str, int] = {
    word: number
    for words in (
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
    )
    for number, word in enumerate(words, start=1)
}
_YEAR = r"(\d{4}|\d{2})"
_ORDINAL = r"(?:st|nd|rd|th)?"


def find_days(text: str) -> tuple[list[Days], str]:
    """What the first date in `text` may mean, and the text without it; no days where there is none.

    Read are 1980-05-17, 5/17/1980 and 17/5/1980 (both ways where both are dates), 17.5.80, 19800517, 05171980,
    17 May 1980, May 17, 1980, 17 de mayo de 1980; and of a date only the month (May 1980, 1980-05, 05/1980) or the
    year (1980). A year of two digits may lie in this century or the last.
    """
    for pattern, read in _PATTERNS:
        match = pattern.search(text)
        days = sorted(set(read(match))) if match is not None else []
        if match is not None and days:
            return days, f"{text[: match.start()]} {text[match.end() :]}"
    return [], text


def _day(year: int, month: int, day: int) -> Iterator[Days]:
    try:
        found = date(year, month, day)
    except ValueError:
        return
    yield found, found


def _month(year: int, month: int) -> Iterator[Days]:
    if date.min.year <= year <= date.max.year and month in range(1, 13):
        yield date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _years(typed: str) -> list[int]:
    return [int(typed)] if len(typed) == 4 else [1900 + int(typed), 2000 + int(typed)]


def _numbers(first: str, second: str, year: str) -> Iterator[Days]:
    """Month first or day first: whatever is a date."""
    for one in _years(year):
        yield from _day(one, int(first), int(second))
        yield from _day(one, int(second), int(first))


def _named(day: str, month: str, year: str) -> Iterator[Days]:
    number = MONTHS.get(month[:3].lower())
    if number is not None:
        for one in _years(year):
            yield from _day(one, number, int(day))


def _named_month(month: str, year: str) -> Iterator[Days]:
    number = MONTHS.get(month[:3].lower())
    if number is not None:
        yield from _month(int(year), number)


def _compact(digits: str) -> Iterator[Days]:
    yield from _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    yield from _numbers(digits[:2], digits[2:4], digits[4:])


def _whole_year(year: str) -> Iterator[Days]:
    yield date(int(year), 1, 1), date(int(year), 12, 31)


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w./-]){pattern}(?![\w/-])", re.IGNORECASE | re.ASCII)


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Days]]], ...] = (
    (_p(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})"), lambda m: _day(int(m[1]), int(m[2]), int(m[3]))),
    (_p(rf"(\d{{1,2}})[-./](\d{{1,2}})[-./]{_YEAR}"), lambda m: _numbers(m[1], m[2], m[3])),
    (
        _p(rf"(\d{{1,2}}){_ORDINAL}\.?\s*(?:de\s+)?([a-z]{{3,12}})\.?,?\s+(?:de\s+)?{_YEAR}"),
        lambda m: _named(m[1], m[2], m[3]),
    ),
    (_p(rf"([a-z]{{3,12}})\.?\s+(\d{{1,2}}){_ORDINAL},?\s+{_YEAR}"), lambda m: _named(m[2], m[1], m[3])),
    (_p(r"(\d{8})"), lambda m: _compact(m[1])),
    (_p(r"([a-z]{3,12})\.?,?\s+(?:de\s+)?(\d{4})"), lambda m: _named_month(m[1], m[2])),
    (_p(r"(\d{4})[-./](\d{1,2})"), lambda m: _month(int(m[1]), int(m[2]))),
    (_p(r"(\d{1,2})[-./](\d{4})"), lambda m: _month(int(m[2]), int(m[1]))),
    (_p(r"(19\d\d|20\d\d)"), lambda m: _whole_year(m[1])),
)
