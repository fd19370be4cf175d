"""What a patient says about days and hours, read into the fields of a form: "not Tuesdays, after 10:00, driver only
Mon/Wed/Fri".

Reading is a help, not a judge: the fields show what was understood and stay for the clerk to change, and what was not
understood is given back word for word. English and Spanish, since requests come in both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

DAYS = {
    **dict.fromkeys(("mon", "monday", "mondays", "lun", "lunes"), 0),
    **dict.fromkeys(("tue", "tues", "tuesday", "tuesdays", "mar", "martes"), 1),
    **dict.fromkeys(("wed", "weds", "wednesday", "wednesdays", "mie", "mié", "miercoles", "miércoles"), 2),
    **dict.fromkeys(("thu", "thur", "thurs", "thursday", "thursdays", "jue", "jueves"), 3),
    **dict.fromkeys(("fri", "friday", "fridays", "vie", "viernes"), 4),
    **dict.fromkeys(("sat", "saturday", "saturdays", "sab", "sáb", "sabado", "sábado", "sabados", "sábados"), 5),
    **dict.fromkeys(("sun", "sunday", "sundays", "dom", "domingo", "domingos"), 6),
}
GROUPS = {"weekdays": range(5), "workdays": range(5), "weekends": (5, 6), "weekend": (5, 6), "weekday": range(5)}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero",
            "feb february febrero",
            "march marzo",
            "apr april abr abril",
            "may mayo",
            "jun june junio",
            "jul july julio",
            "aug august ago agosto",
            "sep sept september septiembre",
            "oct october octubre",
            "nov november noviembre",
            "dec december dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
#: What people mean by a part of the day. It fills fields that the clerk sees and can change.
PARTS = {
    **dict.fromkeys(("morning", "mornings", "mañana", "mañanas", "manana", "mananas"), (None, time(12))),
    **dict.fromkeys(("afternoon", "afternoons", "tarde", "tardes"), (time(12), None)),
}
DRIVER = {"driver", "drivers", "drive", "drives", "ride", "lift", "husband", "wife", "son", "daughter", "conductor"}
DRIVER |= {"chofer", "esposo", "esposa", "marido", "hijo", "hija", "mother", "father", "mom", "dad", "friend"}
NOT = {"not", "no", "never", "except", "cannot", "cant", "can't", "without", "excepto", "nunca", "salvo", "but"}
BEST = {"best", "prefer", "prefers", "preferred", "preferably", "ideally", "rather", "prefiero", "prefiere", "mejor"}
AFTER = {"after", "from", "since", "starting", "desde", "después", "despues"}
BEFORE = {"before", "until", "till", "by", "antes", "hasta"}
AND = {"and", "or", "to", "y", "o", "a", "e"}
FILLERS = {
    *("on", "at", "in", "the", "of", "only", "just", "can", "could", "come", "comes", "i", "my", "is", "are", "works"),
    *(
        "work",
        "day",
        "days",
        "please",
        "possible",
        "if",
        "any",
        "home",
        "oclock",
        "o'clock",
        "she",
        "he",
        "we",
        "drive",
    ),
    *("el", "la", "los", "las", "de", "del", "por", "en", "solo", "sólo", "puede", "puedo", "mi", "que", "lo", "sea"),
    *("time", "times", "available", "free", "fetch", "fetches", "me", "her", "him", "patient", "would", "be", "like"),
}
_TIME = r"\d{1,2}(?::\d{2})?\s?(?:a\.?m\.?|p\.?m\.?)|\d{1,2}:\d{2}|noon|mediodía|mediodia"
_DATE = r"\d{4}-\d{2}-\d{2}"
_TOKEN = re.compile(rf"{_DATE}|{_TIME}|[^\W\d_]+(?:'[^\W\d_]+)?|\d+|-", re.IGNORECASE)


@dataclass(slots=True)
class Read:
    """What was understood: `fields` as SeriesForm takes them (lists of weekdays, "10:00", ISO dates), and the rest."""

    fields: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read(words: str, today: date) -> Read:
    """Read `words`; a date without its year is the next such one from `today` (local) on."""
    found, who = Read(), "patient"
    for clause in re.split(r"[,;\n]|\.(?=\s|$)|\bbut\b|\bpero\b", words):
        if clause.strip():
            who = _Clause(clause, found, who, today).read()
    return found


class _Clause:
    """A stretch of words without a comma, read from left to right; who it speaks of goes on to the next one."""

    def __init__(self, text: str, found: Read, who: str, today: date) -> None:
        self.text, self.found, self.who, self.today = text.strip(), found, who, today
        self.tokens = [word.lower() for word in _TOKEN.findall(text)]
        self.at, self.negated, self.best = 0, False, False
        self.bound = ""
        self.understood = True

    def read(self) -> str:
        """Read it all; whom it speaks of."""
        if DRIVER.intersection(self.tokens):
            self.who = "driver"
        elif "patient" in self.tokens or "i" in self.tokens:
            self.who = "patient"
        self.best = bool(BEST.intersection(self.tokens))
        days = list(self._days())
        if days:
            self._take_days(days)
        if not self.understood or not (days or self._said):
            self.found.unread.append(self.text)
        return self.who

    _said = False

    def _days(self) -> Iterator[int]:
        """Walk over the tokens: weekdays are given back, times and dates taken as they come."""
        while self.at < len(self.tokens):
            word = self.tokens[self.at]
            if word in DAYS and not self._is_march(word):
                yield from self._range_from(DAYS[word])
            elif word in GROUPS:
                yield from GROUPS[word]
            elif word in NOT:
                self.negated = True
            elif word in AFTER | BEFORE:
                self.bound = "until" if (word in BEFORE) != self.negated else "from"
                self.negated = False
            elif not self._part(word) and not self._date() and not self._time(word):
                self.understood &= word in FILLERS | AND | DRIVER | BEST | {"-"}
            self.at += 1

    def _is_march(self, word: str) -> bool:
        """ "mar" is Tuesday in Spanish and March in English: March before a number."""
        return word == "mar" and self._peek().isdigit()

    def _range_from(self, first: int) -> Iterator[int]:
        """One weekday, or all up to another: "Mon-Fri", "Monday to Friday"."""
        if self._peek() in {"-", "to", "through", "a"} and self._peek(2) in DAYS:
            self.at += 2
            last = DAYS[self.tokens[self.at]]
            yield from (day % 7 for day in range(first, last + (7 if last < first else 0) + 1))
        else:
            yield first

    def _part(self, word: str) -> bool:
        if word not in PARTS:
            return False
        begin, end = PARTS[word]
        if self.negated:
            begin, end, self.negated = end, begin, False
        self._hours(begin, end)
        return True

    def _date(self) -> bool:
        """2027-04-09, "April 9" or "9 April", from here on."""
        day = self._read_date()
        if day is None:
            return False
        if self.negated and not self.bound:
            dates = [one for one in self.found.fields.get("not_dates", "").split(", ") if one]
            self.found.fields["not_dates"] = ", ".join([*dates, day.isoformat()])
        elif self.bound == "from":
            self.found.fields["first_day"] = day.isoformat()
        else:
            self.understood = False
        self.bound, self._said = "", True
        return True

    def _read_date(self) -> date | None:
        word, following = self.tokens[self.at], self._peek()
        if re.fullmatch(_DATE, word):
            return _day(*(int(part) for part in word.split("-")))
        month = MONTHS.get(word) or (3 if word == "mar" else None)
        number = following
        if month is None and word.isdigit():
            skip = 2 if following in {"de", "of"} else 1
            month, number = MONTHS.get(self._peek(skip)), word
            self.at += skip if month is not None else 0
        elif month is not None and number.isdigit():
            self.at += 1
        if month is None or not number.isdigit():
            return None
        day = _day(self.today.year, month, int(number))
        if day is not None and day < self.today - timedelta(days=31):
            day = _day(self.today.year + 1, month, int(number))
        return day

    def _time(self, word: str) -> bool:
        """A time after "after", "before" or between two of them: "from 9 to 12", "9:00-12:00"."""
        first = _wall(word, bare=bool(self.bound))
        if first is None:
            return False
        second = _wall(self._peek(2), bare=True) if self._peek() in {"-", "to", "and", "a", "y"} else None
        if second is not None:
            self.at += 2
            self._hours(*_in_order(first, second))
        elif self.bound:
            self._hours(*((first, None) if self.bound == "from" else (None, first)))
        else:
            self._hours(first, None)
        self.bound, self.negated = "", False
        return True

    def _hours(self, begin: time | None, end: time | None) -> None:
        self._said = True
        who = "preferred" if self.best else self.who
        for name, wall in (("from", begin), ("until", end)):
            if wall is not None:
                self.found.fields[f"{who}_{name}"] = wall.strftime("%H:%M")

    def _take_days(self, days: list[int]) -> None:
        name = "preferred_days" if self.best and not self.negated else f"{self.who}_days"
        given = self.found.fields.get(name)
        if self.negated:
            left = set(range(7) if given is None else given) - set(days)
            self.found.fields[name] = sorted(left)
        else:
            self.found.fields[name] = sorted({*(given or ()), *days})

    def _peek(self, ahead: int = 1) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _wall(word: str, *, bare: bool) -> time | None:
    """A time of day; `bare`: a number alone is one too, in the afternoon where a clinic would not be open ("by 3")."""
    if word in {"noon", "mediodía", "mediodia"}:
        return time(12)
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s?(a|p)?\.?m?\.?", word)
    if found is None or (not bare and not found.group(2) and not found.group(3)):
        return None
    hour, minute, half = int(found.group(1)), int(found.group(2) or 0), found.group(3)
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif not half and not found.group(2) and hour < 7:
        hour += 12
    return time(hour, minute - minute % 5) if hour < 24 and minute < 60 else None


def _in_order(first: time, second: time) -> tuple[time, time]:
    """ "10 to 2" ends in the afternoon."""
    if second <= first and second.hour < 12:
        second = second.replace(hour=second.hour + 12)
    return first, second
