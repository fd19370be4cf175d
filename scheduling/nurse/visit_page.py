"""What the page of one visit shows: values already in words and in the site's time."""

from dataclasses import dataclass
from datetime import datetime

from django.forms import Form
from django.utils.functional import cached_property
from django.utils.text import capfirst

from clinic import clock
from clinic.models import StaffMember, User
from clinic.permissions import Permission
from patients.models import Clearance
from scheduling.endings import RULES
from scheduling.models import Appointment, Ending, Phase, Ride, Series, TimeCorrection, VisitRecord
from scheduling.nurse.chair_page import ChairPage
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
from scheduling.nurse.presenters import due_words
from scheduling.selectors.courses import induction_is_over
from scheduling.selectors.gates import Gate, GateKind, leaves_from, ride_of, shut_exits, shut_gates
from scheduling.selectors.hits import Hit, hits_at
from scheduling.selectors.make_up import is_missing
from scheduling.selectors.visits import (
    VisitPhase,
    doctors_at,
    has_phase,
    phase_due,
    phase_of,
    planned_chair,
    record_or_none,
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


@dataclass(frozen=True, slots=True)
class EndingChoice:
    """One ending to choose: its word, whether it would count toward the series (None: there is none), and why."""

    value: str
    label: str
    counts: bool | None
    why: str
    chosen: bool


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
        self.notes = ChairPage(visit, user, refused)

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
    def now(self) -> datetime:
        """The moment at which the page was made."""
        return clock.now()

    @property
    def conditions(self) -> str:
        """The conditions of a clearance that has some, for who may read them, until the drip has run."""
        before_the_end = self.phase in {VisitPhase.EXPECTED, VisitPhase.HERE, VisitPhase.INFUSING}
        if not before_the_end or self.is_consult or not self.user.may(Permission.VIEW_CLINICAL):
            return ""
        clearance = Clearance.objects.latest_for(self.visit.patient)
        return clearance.conditions if clearance is not None and clearance.is_yes else ""

    @cached_property
    def hits(self) -> list[Hit]:
        """Whom this visit is in the way of, as it goes."""
        if self.visit.status != Appointment.Status.ARRIVED or self.is_consult or not self.is_today:
            return []
        return [hit for hit in hits_at(self.visit.site, self.day.date(), now=clock.now()) if hit.cause == self.visit]

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
        if not self.visit.ending:
            return ""
        if self.visit.counts is None:
            return ""
        return RULES[Ending(self.visit.ending)].why

    @cached_property
    def corrections(self) -> list[TimeCorrection]:
        """The times that were set right, oldest first."""
        return self.notes.chair.corrections if self.record is not None else []

    @property
    def stopped_early(self) -> bool:
        """Whether a part of the dose was given only, so that a doctor may add an infusion."""
        return self.visit.ending == Ending.STOPPED_EARLY and self._in_induction

    @property
    def booster_lost(self) -> bool:
        """Whether a booster of a running course ended without counting."""
        lost = self.visit.kind == Appointment.Kind.BOOSTER and self.visit.counts is False
        return lost and self.visit.series is not None and self.visit.series.status == Series.Status.ACTIVE

    @property
    def _in_induction(self) -> bool:
        series = self.visit.series
        running = series is not None and series.status == Series.Status.ACTIVE
        return running and series is not None and series.stage == Series.Stage.INDUCTION

    @property
    def nobody_at_the_door(self) -> bool:
        """Whether the patient could leave but for somebody to take them."""
        settled = self.ride is not None and self.ride.status in {*Ride.SETTLED, Ride.Status.WAIVED}
        return self.can_discharge and not settled

    @property
    def can_place(self) -> bool:
        """Whether another chair or nurse can be recorded now."""
        under_way = self.phase in {VisitPhase.INFUSING, VisitPhase.RECOVERING}
        return under_way and self.may_run and not self.is_consult

    @property
    def can_ask(self) -> bool:
        """Whether this user can ask a doctor about the visit."""
        return self._open and self.may_run and not self.user.may(Permission.ORDER)

    @property
    def shows_doctor(self) -> bool:
        """Whether what was asked of a doctor belongs at the side; a doctor has what waits at the top."""
        if self.is_consult or not self.user.may(Permission.VIEW_CLINICAL) or self.notes.decisions:
            return False
        return self._open or bool(self.notes.chair.questions)

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
        """Whether the discharge form belongs on the page: once the drip is out, or where nothing follows it. A consult
        is closed by the endings form.
        """
        if not self.may_run or self.is_consult:
            return False
        no_recovery = self.phase is VisitPhase.INFUSING and not has_phase(self.visit, Phase.Kind.RECOVER)
        return self.phase is VisitPhase.RECOVERING or no_recovery

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
    def meanings(self) -> list[EndingChoice]:
        """Each ending that the form offers, with whether it counts toward the series and why."""
        started = self.record is not None and self.record.started_at is not None
        chosen = self.end_form["ending"].value()
        return [
            EndingChoice(
                ending.value,
                str(capfirst(ending.label)),
                None if self.visit.series_id is None else started,
                RULES[ending].why if self.visit.series_id is not None else "",
                chosen == ending.value,
            )
            for ending in possible_endings(self.visit, started=started)
        ]

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
