"""How to prepare for one visit, in the words and on the clock of the patient. Nothing clinical (promise 8), but for
what to take and what not: docs/decisions/what-not-to-take.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic import clock
from patients.models import Language
from scheduling.models import Appointment, ProtocolText, ProtocolVersion
from scheduling.when import day_words, time_words


@dataclass(frozen=True, slots=True)
class Preparation:
    """Sentences for the patient, in the active language; all but the clock times of `steps` are the protocol's own.
    `medicines` are the doctor's words: for a letter, a call, and behind the birth date.
    """

    steps: tuple[str, ...]
    medicines: str
    bring: str
    aftercare: str
    watch_for: str


def preparation_for(appointment: Appointment) -> Preparation:
    """What to do before the visit, with its site's clock times. Needs `site` and `protocol_version` with its texts."""
    text = _text(appointment.protocol_version)
    steps = _fasting(appointment)
    if text is not None:
        steps += [line.strip() for line in text.preparation.splitlines() if line.strip()]
    return Preparation(
        steps=tuple(steps),
        medicines=text.medicines.strip() if text is not None else "",
        bring=text.bring.strip() if text is not None else "",
        aftercare=text.aftercare.strip() if text is not None else "",
        watch_for=text.watch_for.strip() if text is not None else "",
    )


def begins(appointment: Appointment) -> datetime:
    """The moment (UTC) from which the visit is prepared for: of the last meal, where the protocol has one to be the
    last; else when it starts. Needs `protocol_version` loaded.
    """
    return begins_for(appointment.protocol_version, appointment.starts)


def begins_for(version: ProtocolVersion, starts: datetime) -> datetime:
    """The same for a visit by that version that starts then (aware)."""
    return starts - timedelta(hours=max(version.fasting_food_hours or 0, version.fasting_fluids_hours or 0))


def each_once(texts: Iterable[str]) -> str:
    """What several visits have to say under one heading: each text once, on lines of its own."""
    return "\n".join(dict.fromkeys(filter(None, texts)))


def _text(version: ProtocolVersion) -> ProtocolText | None:
    """The protocol's text in the active language, else in English, else any that there is."""
    texts = {text.language: text for text in version.texts.all()}
    wanted = (get_language() or Language.ENGLISH).split("-")[0]
    return texts.get(wanted) or texts.get(Language.ENGLISH) or next(iter(texts.values()), None)


def _fasting(appointment: Appointment) -> list[str]:
    version = appointment.protocol_version
    lines = []
    if version.fasting_food_hours:
        eating = _("Nothing to eat after %(time)s") % {"time": _before(appointment, version.fasting_food_hours)}
        # A time may end with a full stop of its own: "3 a.m."
        lines.append(eating if eating.endswith(".") else f"{eating}.")
    if version.fasting_fluids_hours:
        lines.append(
            _("Clear fluids such as water are fine until %(time)s, then nothing to drink.")
            % {"time": _before(appointment, version.fasting_fluids_hours)}
        )
    return lines


def _before(appointment: Appointment, hours: int) -> str:
    """The clock time so many hours before the visit; with its day where that is not the visit's own."""
    zone = appointment.site.zone
    moment = appointment.starts - timedelta(hours=hours)
    if clock.local(moment, zone).date() == clock.local(appointment.starts, zone).date():
        return time_words(moment, zone)
    return _("%(time)s on %(date)s") % {"time": time_words(moment, zone), "date": day_words(moment, zone)}
