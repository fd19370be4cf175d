"""A visit, a moment and a preparation in words, in the language that is active and on the clock of the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from scheduling.models import Appointment
from scheduling.preparation import each_once, preparation_for
from scheduling.when import day_words, time_words, weekday_words, zone_words


@dataclass(frozen=True, slots=True)
class VisitWords:
    """One visit in words, on the clock of its site. `pick_up` is the line for whoever drives home, `times` what
    `line` says after the day.
    """

    day: str
    starts: str
    times: str
    line: str
    pick_up: str


def visit_words(visit: Appointment) -> VisitWords:
    """Needs `site` loaded."""
    zone = visit.site.zone
    day, starts, ends = (
        day_words(visit.starts, zone),
        time_words(visit.starts, zone),
        time_words(visit.ends, zone),
    )
    values = {"day": day, "starts": starts, "ends": ends, "zone": zone_words(visit.starts, zone)}
    return VisitWords(
        day=day,
        starts=starts,
        times=_("%(starts)s to %(ends)s (%(zone)s)") % values,
        line=_("%(day)s, %(starts)s to %(ends)s (%(zone)s)") % values,
        pick_up=_("%(day)s: be there at %(ends)s (%(zone)s)") % values,
    )


def when_words(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in a sentence: "Monday, April 5, 2027, 9 a.m. (EDT)"."""
    return _("%(day)s, %(time)s (%(zone)s)") % {
        "day": day_words(moment, zone),
        "time": time_words(moment, zone),
        "zone": zone_words(moment, zone),
    }


def preparation_words(visits: Sequence[Appointment]) -> dict[str, Any]:
    """How to prepare for these visits; with the day before each step where they are several, and with the day of the
    week for a text, which has no room (`prepare_briefly`). `medicines`: the doctor's words of each, which a mail or a
    text only points to.
    """
    prepared = [preparation_for(visit) for visit in visits]
    steps: dict[str, str] = {}
    for visit, one in zip(visits, prepared, strict=True):
        day, weekday = (words(visit.starts, visit.site.zone) for words in (day_words, weekday_words))
        for step in one.steps:
            line = _on_day(day, step) if len(visits) > 1 else step
            steps.setdefault(line, _on_day(weekday, step))
    return {
        "prepare": list(steps),
        "prepare_briefly": list(steps.values()),
        "bring": prepared[0].bring,
        "medicines": each_once(one.medicines for one in prepared),
    }


def _on_day(day: str, step: str) -> str:
    return _("%(day)s: %(step)s") % {"day": day, "step": step}
