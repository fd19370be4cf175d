"""What was written down at one visit, as the visit's page shows it: rows in words and in the site's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import cached_property

from clinic import clock
from clinic.permissions import Permission
from scheduling.models import AdverseEvent, Appointment, Dose, Pause, Question, Reading, SideEffect
from scheduling.models.medicine import plain
from scheduling.nurse.chair_forms import (
    DoseForm,
    EffectsForm,
    EventForm,
    PauseForm,
    PlaceForm,
    ReadingForm,
    ToldForm,
    reads_fahrenheit,
    temperature_words,
)
from scheduling.nurse.doctor_forms import AnswerForm, AskForm
from scheduling.nurse.forms import VisitForm
from scheduling.nurse.one_visit import OneVisit
from scheduling.selectors.at_the_chair import Chair, Stop
from scheduling.selectors.care import pressure_limits
from scheduling.selectors.visits import VisitPhase, reading_due
from scheduling.when import time_words


def over_words(over: Sequence[str]) -> str:
    """Which limits a reading broke, in words; empty where it broke none."""
    pressure = ["pressure over the limit"] if {"systolic", "diastolic"} & set(over) else []
    return ", ".join([*pressure, *(["SpO₂ too low"] if "spo2" in over else [])])


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading as a row; `over` says in words which limits it broke."""

    reading: Reading
    at: str
    pressure: str
    temperature: str
    weight: str
    over: str


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One medicine given as a row; `marks` says in words what lies outside of the order, `other_order` is the one by
    which it was given where that is not the one that stands.
    """

    dose: Dose
    at: str
    marks: str
    other_order: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: `kind` is event, effect or pause, `at` local time in words."""

    kind: str
    at: str
    row: AdverseEvent | SideEffect | Pause


class ChairPage(OneVisit):
    """The notes of one visit for `user`, and the forms that add to them."""

    @property
    def zone(self) -> ZoneInfo:
        """The clock of the site."""
        return self.visit.site.zone

    @cached_property
    def chair(self) -> Chair:
        """The notes, loaded once."""
        return Chair(self.visit)

    @property
    def shown(self) -> bool:
        """Whether the notes belong on the page: for who may read them, of a treatment, from the arrival on."""
        treats = self.visit.kind != Appointment.Kind.CONSULT
        return treats and self.record is not None and self.user.may(Permission.VIEW_CLINICAL)

    @property
    def may_write(self) -> bool:
        """Whether this user may add to them."""
        here = self.visit.status in {Appointment.Status.ARRIVED, Appointment.Status.FULFILLED}
        return here and self.user.may(Permission.RUN_VISIT)

    @property
    def is_open(self) -> bool:
        """Whether the patient is here."""
        return self.visit.status == Appointment.Status.ARRIVED

    @property
    def unit_of_temperature(self) -> str:
        """As thermometers at the site show it."""
        return "°F" if reads_fahrenheit(self.visit.site) else "°C"

    @cached_property
    def readings(self) -> list[ReadingRow]:
        """The readings, newest first."""
        return [self._reading(one) for one in reversed(self.chair.readings)]

    def _reading(self, one: Reading) -> ReadingRow:
        return ReadingRow(
            one,
            time_words(one.at, self.zone),
            f"{one.systolic}/{one.diastolic}" if one.systolic is not None else "",
            temperature_words(one, self.visit.site),
            plain(one.weight) if one.weight is not None else "",
            over_words(one.over),
        )

    @property
    def limits(self) -> str:
        """The limits of the visit in words; empty where there are none."""
        version, pressure = self.visit.protocol_version, pressure_limits(self.visit)
        parts = []
        if pressure.are_any:
            whose = " (set by the doctor)" if pressure.by_doctor else ""
            upper, lower = pressure.systolic or "any", pressure.diastolic or "any"
            parts.append(f"blood pressure at most {upper}/{lower} mmHg{whose}")
        if version.spo2_least is not None:
            parts.append(f"SpO₂ at least {version.spo2_least} %")
        return "; ".join(parts)

    @cached_property
    def next_reading(self) -> datetime | None:
        """When the next reading is due (UTC); None where none is."""
        return reading_due(self.visit)

    @property
    def reading_due(self) -> str:
        """When, in words."""
        return time_words(self.next_reading, self.zone) if self.next_reading is not None else ""

    @property
    def reading_overdue(self) -> bool:
        """Whether that time has passed."""
        return self.next_reading is not None and self.next_reading < clock.now()

    @property
    def stop(self) -> Stop | None:
        """What keeps the drip from running; looked at only while it could."""
        before_the_end = self.phase in {VisitPhase.HERE, VisitPhase.INFUSING}
        return self.chair.stop if before_the_end else None

    @property
    def stop_words(self) -> str:
        """The readings that stop the drip, with the time."""
        stop = self.stop
        rows = [self._reading(one) for one in stop.readings] if stop is not None else []
        return "; ".join(
            " ".join(
                part
                for part in [
                    row.pressure and f"{row.pressure} mmHg",
                    row.reading.spo2 is not None and "spo2" in row.reading.over and f"SpO₂ {row.reading.spo2} %",
                    f"at {row.at}: {row.over}",
                ]
                if part
            )
            for row in rows
        )

    @cached_property
    def doses(self) -> list[DoseRow]:
        """The medicines given, in order."""
        return [self._dose_row(one) for one in self.chair.doses]

    def _dose_row(self, dose: Dose) -> DoseRow:
        order, stands = dose.order, self.chair.order
        other = str(order) if order is not None and stands is not None and order.pk != stands.pk else ""
        return DoseRow(dose, time_words(dose.at, self.zone), "; ".join(dose.mark_words), other)

    @property
    def other_lines(self) -> list[str]:
        """The other medicines of the order, line by line."""
        order = self.chair.order
        return [line for line in order.others.splitlines() if line.strip()] if order is not None else []

    @property
    def weight(self) -> str:
        """Today's weight in words; empty where it was not taken."""
        reading = self.chair.weight
        return f"{plain(reading.weight)} kg at {time_words(reading.at, self.zone)}" if reading is not None else ""

    @property
    def pause(self) -> Pause | None:
        """The pause that lasts."""
        return self.chair.pause if self.phase is VisitPhase.INFUSING else None

    @property
    def happenings(self) -> list[Happening]:
        """Events, effects and pauses in the order in which they were."""
        chair = self.chair
        found: list[tuple[datetime, str, AdverseEvent | SideEffect | Pause]] = []
        found += [(one.at, "event", one) for one in chair.events]
        found += [(one.at, "effect", one) for one in chair.effects]
        found += [(one.since, "pause", one) for one in chair.pauses]
        return [
            Happening(kind, time_words(at, self.zone), one) for at, kind, one in sorted(found, key=lambda row: row[0])
        ]

    @property
    def untold(self) -> bool:
        """Whether something went wrong that no doctor was told of."""
        return any(one.doctor_told_id is None and one.struck_at is None for one in self.chair.events)

    @property
    def decisions(self) -> list[tuple[Question | None, AnswerForm]]:
        """What this user, a doctor, can decide now: (the question, or None for one that nobody asked, its form)."""
        if not self.user.may(Permission.ORDER) or self.visit.status not in Appointment.BLOCKING:
            return []
        asked = {question.about: question for question in self.chair.waiting}
        abouts = list(asked)
        if self.stop is not None and Question.About.READING not in asked:
            abouts.insert(0, Question.About.READING)
        return [(asked.get(about), self._answer(about)) for about in abouts]

    def _answer(self, about: str) -> AnswerForm:
        if isinstance(self.refused, AnswerForm) and self.refused.about == about:
            return self.refused
        return AnswerForm(visit=self.visit, about=about)

    @property
    def questions(self) -> list[Question]:
        """What was asked and said, oldest first; what waits for this user stands in `decisions`."""
        waiting = {question.pk for question, _form in self.decisions if question is not None}
        return [question for question in self.chair.questions if question.pk not in waiting]

    @property
    def asked(self) -> set[str]:
        """What a doctor was asked about and has not answered."""
        return {question.about for question in self.chair.waiting}

    @cached_property
    def reading_form(self) -> VisitForm:
        """Vital signs."""
        return self.form(ReadingForm)

    @cached_property
    def dose_form(self) -> VisitForm:
        """A medicine given."""
        return self.form(DoseForm)

    @cached_property
    def effects_form(self) -> VisitForm:
        """Side effects."""
        return self.form(EffectsForm)

    @cached_property
    def event_form(self) -> VisitForm:
        """Something that went wrong."""
        return self.form(EventForm)

    @cached_property
    def told_form(self) -> VisitForm:
        """Which doctor was told."""
        return self.form(ToldForm)

    @cached_property
    def pause_form(self) -> VisitForm:
        """Why the drip stands still."""
        return self.form(PauseForm)

    @cached_property
    def place_form(self) -> VisitForm:
        """Chair and nurse."""
        return self.form(PlaceForm)

    @cached_property
    def ask_form(self) -> VisitForm:
        """A question to the doctors."""
        return self.form(AskForm)
