"""What the nurse's pages show: values already in words and in the site's time."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.forms import Form
from django.utils.functional import cached_property

from clinic import clock
from clinic.models import StaffMember, User
from clinic.permissions import Permission
from scheduling.endings import RULES, WITHOUT_DISCHARGE
from scheduling.models import Appointment, Ending, Phase, Ride, Series, VisitRecord
from scheduling.nurse.forms import (
    CompanionForm,
    DischargeForm,
    EndForm,
    ReasonForm,
    StartForm,
    VisitForm,
    WaiverForm,
    possible_endings,
)
from scheduling.selectors.courses import induction_is_over
from scheduling.selectors.gates import Gate, GateKind, ride_of, shut_gates
from scheduling.selectors.make_up import is_missing
from scheduling.selectors.visits import (
    VisitPhase,
    VisitRow,
    doctors_at,
    has_phase,
    phase_due,
    phase_of,
    planned_chair,
    record_or_none,
)
from scheduling.when import time_words

#: The columns of the day, with what an empty one says.
COLUMNS: dict[VisitPhase, tuple[str, str]] = {
    VisitPhase.EXPECTED: ("Expected", "Nobody else is expected today."),
    VisitPhase.HERE: ("Here", "Nobody is waiting."),
    VisitPhase.INFUSING: ("Under way", "No drip is running."),
    VisitPhase.RECOVERING: ("Recovering", "Nobody is recovering."),
    VisitPhase.DONE: ("Done", "No visit has ended yet."),
}
#: What the moment at which a phase should be over means, in the words before the time.
DUE: dict[VisitPhase, str] = {
    VisitPhase.EXPECTED: "from",
    VisitPhase.HERE: "from",
    VisitPhase.INFUSING: "until about",
    VisitPhase.RECOVERING: "may leave from",
    VisitPhase.DONE: "",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One visit in a column. `due` is local time in words, `step` the one next thing to do: "arrived", "open",
    "recovery" or nothing.
    """

    row: VisitRow
    due: str
    step: str
    ride: Ride | None
    needs_ride: bool

    @property
    def visit(self) -> Appointment:
        """The visit itself."""
        return self.row.visit


@dataclass(frozen=True, slots=True)
class Column:
    """One phase of the day."""

    phase: VisitPhase
    title: str
    empty: str
    cards: list[Card]


def columns_of(rows: dict[VisitPhase, list[VisitRow]]) -> list[Column]:
    """The columns of the day, in the order in which a visit goes through them."""
    return [
        Column(phase, title, empty, [_card(row) for row in rows[phase]]) for phase, (title, empty) in COLUMNS.items()
    ]


def due_words(phase: VisitPhase, due: datetime | None, zone: ZoneInfo) -> str:
    """What the phase waits for, in words and the zone's time; empty where it waits for nothing."""
    return f"{DUE[phase]} {time_words(due, zone)}" if due is not None else ""


def _card(row: VisitRow) -> Card:
    return Card(
        row,
        due_words(row.phase, row.due, row.visit.site.zone),
        _step_of(row),
        ride_of(row.visit),
        row.visit.protocol_version.needs_ride,
    )


def _step_of(row: VisitRow) -> str:
    if row.phase is VisitPhase.EXPECTED:
        return "arrived"
    if row.phase is VisitPhase.INFUSING and has_phase(row.visit, Phase.Kind.RECOVER):
        return "recovery"
    return "" if row.phase is VisitPhase.DONE else "open"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened: local time in words, or empty for a fact without an hour."""

    label: str
    when: str
    detail: str = ""


class VisitPage:
    """One visit as its page shows it to `user`: facts, gates, and the forms of the steps that it can take now.

    `refused` stands in for the fresh form of its kind, so that what was typed is kept.
    """

    def __init__(self, visit: Appointment, user: User, refused: Form | None = None) -> None:
        self.visit = visit
        self.user = user
        self.refused = refused
        self.phase = phase_of(visit)
        self.record: VisitRecord | None = record_or_none(visit)
        self.ride = ride_of(visit)
        self.is_consult = visit.kind == Appointment.Kind.CONSULT

    @cached_property
    def gates(self) -> list[Gate]:
        """What keeps the drip from starting; looked at only while it has not started."""
        return shut_gates(self.visit) if self.phase in {VisitPhase.EXPECTED, VisitPhase.HERE} else []

    @property
    def day(self) -> datetime:
        """The planned start on the site's clock."""
        return clock.local(self.visit.starts, self.visit.site.zone)

    @property
    def planned(self) -> str:
        """Planned from and until, in words."""
        return f"{self._time(self.visit.starts)} to {self._time(self.visit.ends)}"

    @property
    def is_today(self) -> bool:
        """Whether the visit is planned for the present day of the site."""
        return self.day.date() == clock.today(self.visit.site.zone)

    @property
    def has_begun(self) -> bool:
        """Whether its planned start has passed."""
        return self.visit.starts <= clock.now()

    @cached_property
    def chair(self) -> str:
        """Where it happens, or is planned to."""
        if self.record is not None and self.record.chair is not None:
            return self.record.chair.name
        planned = planned_chair(self.visit)
        return planned.name if planned is not None else ""

    @property
    def due(self) -> str:
        """What the present phase waits for, in words."""
        return due_words(self.phase, phase_due(self.visit), self.visit.site.zone)

    @property
    def facts(self) -> list[Fact]:
        """What was recorded, in order."""
        record = self.record
        if record is None:
            return []
        place = " · ".join(str(part) for part in (record.chair, record.nurse) if part is not None)
        stamps = [
            Fact("Arrived", self._time(record.arrived_at)),
            Fact("Started", self._time(record.started_at), place),
            Fact("In recovery", self._time(record.recovery_at)),
            Fact("Ended", self._time(record.ended_at), self.visit.get_ending_display()),
        ]
        facts = [fact for fact in stamps if fact.when]
        if record.handed_to_name:
            facts.append(Fact("Handed over to", "", record.handed_to_name))
        if record.doctor_told is not None:
            facts.append(Fact("Doctor told", "", record.doctor_told.name))
        if record.note and self.user.may(Permission.VIEW_CLINICAL):
            facts.append(Fact("Note", "", record.note))
        return facts

    @property
    def checkin(self) -> list[tuple[str, str]]:
        """The answers at check-in, question by question, for who may read them."""
        if self.record is None or not self.user.may(Permission.VIEW_CLINICAL):
            return []
        asked = [question["en"] for question in self.visit.protocol_version.checkin_list]
        return [(question, self.record.checkin[question]) for question in asked if question in self.record.checkin]

    @property
    def meaning(self) -> str:
        """What the ending means for the series; empty while the visit is open."""
        if not self.visit.ending:
            return ""
        if self.visit.counts is None:
            return ""
        return RULES[Ending(self.visit.ending)].why

    @property
    def induction_done(self) -> bool:
        """Whether this was the last infusion of an induction that a doctor has to decide about now."""
        series = self.visit.series
        if self.phase is not VisitPhase.DONE or series is None or series.stage != Series.Stage.INDUCTION:
            return False
        return series.status == Series.Status.ACTIVE and induction_is_over(series)

    @property
    def to_replan(self) -> bool:
        """Whether an infusion of the series is still to be planned in place of this one."""
        return is_missing(self.visit)

    @property
    def doctors(self) -> list[StaffMember]:
        """Who may waive the ride: shown to whoever may not."""
        return list(doctors_at(self.visit.site))

    @property
    def shut(self) -> set[str]:
        """The kinds of the gates that are shut."""
        return {gate.kind.value for gate in self.gates}

    @property
    def may_name(self) -> bool:
        """Whether a companion can be named or changed here and now."""
        return self.visit.protocol_version.needs_ride and self._open and self.user.may(Permission.EDIT_PATIENTS)

    @property
    def may_waive(self) -> bool:
        """Whether this user can waive the ride here and now."""
        waived = self.ride is not None and self.ride.status == Ride.Status.WAIVED
        return (
            self.visit.protocol_version.needs_ride
            and self._open
            and not waived
            and self.user.may(Permission.WAIVE_RIDE)
        )

    @property
    def _open(self) -> bool:
        return self.visit.status in Appointment.BLOCKING

    @property
    def may_run(self) -> bool:
        """Whether this user runs visits."""
        return self.user.may(Permission.RUN_VISIT)

    @property
    def can_start(self) -> bool:
        """Whether the start form belongs on the page."""
        return self.phase is VisitPhase.HERE and self.may_run

    @property
    def can_recover(self) -> bool:
        """Whether the next step is recovery."""
        return self.phase is VisitPhase.INFUSING and self.may_run and has_phase(self.visit, Phase.Kind.RECOVER)

    @property
    def can_discharge(self) -> bool:
        """Whether the discharge form belongs on the page; a consult is closed by the endings form."""
        running = self.phase in {VisitPhase.INFUSING, VisitPhase.RECOVERING}
        return running and self.may_run and not self.is_consult

    @property
    def can_end(self) -> bool:
        """Whether the visit can end otherwise."""
        return self.phase in {VisitPhase.HERE, VisitPhase.INFUSING, VisitPhase.RECOVERING} and self.may_run

    @cached_property
    def start_form(self) -> VisitForm:
        """Check-in list, chair and nurse."""
        return self._form(StartForm)

    @cached_property
    def companion_form(self) -> VisitForm:
        """Who drives."""
        return self._form(CompanionForm)

    @cached_property
    def waiver_form(self) -> VisitForm:
        """A doctor's reason."""
        return self._form(WaiverForm)

    @cached_property
    def undo_form(self) -> VisitForm:
        """Why the arrival is taken back."""
        return self._form(ReasonForm)

    @cached_property
    def discharge_form(self) -> VisitForm:
        """Handing over."""
        return self._form(DischargeForm)

    @cached_property
    def end_form(self) -> VisitForm:
        """The other endings."""
        return self._form(EndForm)

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """Each ending that the form offers, with what it means for the series."""
        started = self.record is not None and self.record.started_at is not None
        offered = possible_endings(self.visit, started=started)
        return [(str(ending.label), RULES[ending].why) for ending in offered if ending in WITHOUT_DISCHARGE]

    @property
    def companion_missing(self) -> bool:
        """Whether the gate of the ride is shut."""
        return GateKind.COMPANION in {gate.kind for gate in self.gates}

    def _form(self, form_class: type[VisitForm]) -> VisitForm:
        if isinstance(self.refused, form_class):
            return self.refused
        return form_class(visit=self.visit)

    def _time(self, moment: datetime | None) -> str:
        return time_words(moment, self.visit.site.zone) if moment is not None else ""
