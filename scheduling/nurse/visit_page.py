"""What the page of one visit shows: values already in words and in the site's time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.utils.functional import cached_property

from clinic import clock
from clinic.models import StaffMember
from clinic.permissions import Permission
from patients.selectors import latest_clearance
from scheduling.endings import meaning
from scheduling.models import Appointment, Ending, Series, TimeCorrection
from scheduling.nurse.chair_page import ChairPage
from scheduling.nurse.presenters import due_words
from scheduling.nurse.visit_steps import VisitSteps
from scheduling.selectors.courses import induction_is_over
from scheduling.selectors.gates import Gate, GateKind, leaves_from, shut_exits, shut_gates
from scheduling.selectors.hits import Hit, hits_at
from scheduling.selectors.make_up import is_missing, nearest_slots
from scheduling.selectors.planning import Slot
from scheduling.selectors.visits import (
    VisitPhase,
    doctors_at,
    phase_due,
    planned_chair,
)
from scheduling.when import time_words

Stamp = TimeCorrection.Stamp


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened: local time in words, or empty for a fact without an hour. `stamp` is the word by which
    its time can be corrected.
    """

    label: str
    when: str
    detail: str = ""
    stamp: str = ""


class VisitPage(VisitSteps):
    """One visit as its page shows it to `user`: the facts so far, what stands in the way, and what they mean."""

    @cached_property
    def notes(self) -> ChairPage:
        """What is written down at the chair."""
        return ChairPage(self.visit, self.user, self.refused)

    @property
    def lacks_a_dose(self) -> bool:
        """Whether the drip runs, or the visit is over, and nothing that was given is written down."""
        has_run = self.record is not None and self.record.started_at is not None
        return has_run and self.phase in {VisitPhase.INFUSING, VisitPhase.DONE} and not self.notes.doses

    @cached_property
    def gates(self) -> list[Gate]:
        """What keeps the drip from starting; looked at only while it has not started."""
        return shut_gates(self.visit) if self.phase in {VisitPhase.EXPECTED, VisitPhase.HERE} else []

    @cached_property
    def exits(self) -> list[Gate]:
        """What keeps the patient from being discharged, beside the fitness list and the companion."""
        under_way = self.phase in {VisitPhase.INFUSING, VisitPhase.RECOVERING}
        return shut_exits(self.visit) if under_way and self.user.may(Permission.VIEW_CLINICAL) else []

    @property
    def leaves_from(self) -> datetime | None:
        """When the least time of recovery is over (UTC); None before the recovery has begun."""
        return leaves_from(self.visit) if self.phase is VisitPhase.RECOVERING else None

    @property
    def minutes_left(self) -> int:
        """Whole minutes of the least time of recovery that are left, rounded up; 0 when it is over."""
        until = self.leaves_from
        return max(0, -int((clock.now() - until).total_seconds() // 60)) if until is not None else 0

    @property
    def is_let_go(self) -> bool:
        """Whether a doctor lets the patient go before the least time of recovery is over; for who may read it."""
        waits = GateKind.RECOVERY in {gate.kind for gate in self.exits}
        return self.minutes_left > 0 and not waits and self.user.may(Permission.VIEW_CLINICAL)

    @property
    def now(self) -> datetime:
        """The moment at which the page was made."""
        return clock.now()

    @property
    def conditions(self) -> str:
        """The conditions of a clearance that has some, for who may read them, until the drip has run."""
        before_the_end = self.phase in {VisitPhase.EXPECTED, VisitPhase.HERE, VisitPhase.INFUSING}
        if not before_the_end or self.is_consult or not self.user.may(Permission.VIEW_CLINICAL):
            return ""
        clearance = latest_clearance(self.visit.patient)
        return "; ".join(clearance.condition_words) if clearance is not None and clearance.is_yes else ""

    @cached_property
    def hits(self) -> list[Hit]:
        """Whom this visit is in the way of, as it goes."""
        if self.visit.status != Appointment.Status.ARRIVED or self.is_consult or not self.is_today:
            return []
        return hits_at(self.visit.site, self.day.date(), now=clock.now(), cause=self.visit)

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
    def is_unclosed(self) -> bool:
        """Whether its day is over, and nobody has said what came of it."""
        return self.is_open and self.day.date() < clock.today(self.visit.site.zone)

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
            Fact("Arrived", self._time(record.arrived_at), "", Stamp.ARRIVED),
            Fact("Started", self._time(record.started_at), place, Stamp.STARTED),
            Fact("In recovery", self._time(record.recovery_at), "", Stamp.RECOVERY),
            Fact("Ended", self._time(record.ended_at), self.visit.get_ending_display(), Stamp.ENDED),
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
    def said_yes(self) -> list[str]:
        """The check-in questions that were answered with yes."""
        return [question for question, answer in self.checkin if answer == "yes"]

    @property
    def meaning(self) -> str:
        """What the ending means for the series; empty while the visit is open."""
        if not self.visit.ending or self.visit.counts is None:
            return ""
        return meaning(Ending(self.visit.ending), counted=self.visit.counts)

    @cached_property
    def corrections(self) -> list[TimeCorrection]:
        """The times that were set right, oldest first."""
        return self.notes.chair.corrections if self.record is not None else []

    @property
    def stopped_early(self) -> bool:
        """Whether a part of the dose was given only, so that a doctor may add an infusion."""
        return self.visit.ending == Ending.STOPPED_EARLY and self._is_in_induction

    @property
    def booster_lost(self) -> bool:
        """Whether a booster of a running course ended without counting."""
        lost = self.visit.kind == Appointment.Kind.BOOSTER and self.visit.counts is False
        return lost and self._running is not None

    @property
    def _running(self) -> Series | None:
        """The series of the visit, while it goes on."""
        series = self.visit.series
        return series if series is not None and series.status == Series.Status.ACTIVE else None

    @property
    def _is_in_induction(self) -> bool:
        return self._running is not None and self._running.stage == Series.Stage.INDUCTION

    @property
    def shows_doctor(self) -> bool:
        """Whether what was asked of a doctor belongs at the side; a doctor has what waits at the top."""
        if self.is_consult or not self.user.may(Permission.VIEW_CLINICAL) or self.notes.decisions:
            return False
        return self.is_open or bool(self.notes.chair.questions)

    @property
    def induction_done(self) -> bool:
        """Whether this was the last infusion of an induction that a doctor has to decide about now."""
        series = self._running
        if self.phase is not VisitPhase.DONE or series is None or series.stage != Series.Stage.INDUCTION:
            return False
        return induction_is_over(series)

    @cached_property
    def to_replan(self) -> bool:
        """Whether a visit of the series is still to be planned in place of this one."""
        return is_missing(self.visit)

    @cached_property
    def replacements(self) -> list[Slot]:
        """Times for it that take one click."""
        if not self.to_replan or not self.user.may(Permission.REPLAN_LOST):
            return []
        return nearest_slots(self.visit, clock.now())

    @cached_property
    def replacement_key(self) -> UUID:
        """Makes a double click on one of them one booking."""
        return uuid4()

    @property
    def doctors(self) -> list[StaffMember]:
        """Who may waive the ride: shown to whoever may not."""
        return list(doctors_at(self.visit.site))

    @property
    def shut(self) -> set[str]:
        """The kinds of the gates that are shut."""
        return {gate.kind.value for gate in self.gates}

    @property
    def companion_missing(self) -> bool:
        """Whether the gate of the ride is shut."""
        return GateKind.COMPANION in {gate.kind for gate in self.gates}

    def _time(self, moment: datetime | None) -> str:
        return time_words(moment, self.visit.site.zone) if moment is not None else ""
