"""FHIR date, dateTime and instant, whole or in part ("2011", "2011-03")."""

import re
from datetime import UTC, date, datetime, time, timedelta

from patients.fhir.json_tree import BadFile, Node
from patients.fhir.records import Surroundings

#: Earlier than this is no date about a living person or one who died lately.
EARLIEST_YEAR = 1850
#: Clocks run fast, and a date is a day ahead on the other side of the world.
AHEAD = timedelta(days=1)

_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def read_day(node: Node, key: str, around: Surroundings, *, whole: bool = False) -> date | None:
    """The day of a date or dateTime, as its own zone has it; the first day of a year or month given alone.

    None when absent. Raises BadFile when it is no date, before EARLIEST_YEAR, in the future, or (`whole`) only a part
    of one."""
    text = node.text(key)
    if not text:
        return None
    path = f"{node.path}.{key}"
    match = _DAY.fullmatch(text.split("T")[0])
    if match is None or ("T" in text and not _MOMENT.fullmatch(text)):
        raise BadFile(f"{path} is not a FHIR date.")
    year, month, day = match.groups()
    if whole and not day:
        raise BadFile(f"{path} is only a part of a date; the whole date is needed.")
    try:
        found = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise BadFile(f"{path} is a date that no calendar has.") from None
    if found.year < EARLIEST_YEAR:
        raise BadFile(f"{path} lies before {EARLIEST_YEAR}.")
    if found > around.today + AHEAD:
        raise BadFile(f"{path} lies in the future.")
    return found


def read_moment(node: Node, key: str, around: Surroundings) -> datetime | None:
    """The moment of a dateTime or instant, in UTC; of a date alone, noon of that day at the site.

    None when absent. Raises BadFile like `read_day`.
    """
    day = read_day(node, key, around)
    if day is None:
        return None
    text = node.text(key)
    if "T" not in text:
        return datetime.combine(day, time(12), tzinfo=around.zone).astimezone(UTC)
    try:
        found = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise BadFile(f"{node.path}.{key} is a time that no clock has.") from None
    if found > around.now + AHEAD:
        raise BadFile(f"{node.path}.{key} lies in the future.")
    return found
