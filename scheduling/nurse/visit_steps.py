"""Which steps one visit can take now, by whom, and their forms."""

from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.text import capfirst

from clinic.permissions import Permission
from scheduling.endings import RULES
from scheduling.models import Appointment, Phase, Ride
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
from scheduling.nurse.one_visit import OneVisit
from scheduling.selectors.gates import ride_of
from scheduling.selectors.visits import VisitPhase, has_phase


@dataclass(frozen=True, slots=True)
class EndingChoice:
    """One ending to choose: its word, whether it would count toward the series (None: there is none), and why."""

    value: str
    label: str
    counts: bool | None
    why: str
    chosen: bool


class VisitSteps(OneVisit):
    """What the user can do at the visit now: each step that belongs on the page, with its form."""

    @cached_property
    def ride(self) -> Ride | None:
        """Who drives home, if anybody was asked."""
        return ride_of(self.visit)

    @property
    def is_consult(self) -> bool:
        """Whether it is a talk, at which nothing is given."""
        return self.visit.kind == Appointment.Kind.CONSULT

    @property
    def may_run(self) -> bool:
        """Whether this user runs visits."""
        return self.user.may(Permission.RUN_VISIT)

    @property
    def is_open(self) -> bool:
        """Whether the visit is still to come or goes on."""
        return self.visit.status in Appointment.BLOCKING

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
        return self.is_open and self.may_run and not self.user.may(Permission.ORDER)

    @property
    def may_name(self) -> bool:
        """Whether a companion can be named or changed here and now."""
        return self.visit.protocol_version.needs_ride and self.is_open and self.user.may(Permission.EDIT_PATIENTS)

    @property
    def may_waive(self) -> bool:
        """Whether this user can waive the ride here and now."""
        waived = self.ride is not None and self.ride.status == Ride.Status.WAIVED
        return (
            self.visit.protocol_version.needs_ride
            and self.is_open
            and not waived
            and self.user.may(Permission.WAIVE_RIDE)
        )

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
        return self.form(StartForm)

    @cached_property
    def companion_form(self) -> VisitForm:
        """Who drives."""
        return self.form(CompanionForm)

    @cached_property
    def waiver_form(self) -> VisitForm:
        """A doctor's reason."""
        return self.form(WaiverForm)

    @cached_property
    def undo_form(self) -> VisitForm:
        """Why the arrival is taken back."""
        return self.form(ReasonForm)

    @cached_property
    def discharge_form(self) -> VisitForm:
        """Handing over."""
        return self.form(DischargeForm)

    @cached_property
    def end_form(self) -> VisitForm:
        """The other endings."""
        return self.form(EndForm)

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
