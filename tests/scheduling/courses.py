"""A booked series of six, and the ways in which a part of it is changed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

from clinic import clock
from clinic.permissions import Role
from scheduling.actions import course
from scheduling.models import Appointment, Hold, Message, Series
from scheduling.selectors import replanning
from scheduling.selectors.replanning import Replan
from scheduling.selectors.series_rules import Spacing
from tests.factories import Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of, wall


class World:
    """A clinic with one booked series of six."""

    def __init__(self) -> None:
        self.clinic: Clinic = make_clinic()
        self.series: Series = book(self.clinic, make_patient(self.clinic.site, cleared=True))
        self.clerk = self.clinic.by(Role.FRONT_DESK)
        self.doctor = self.clinic.by(Role.DOCTOR)

    @property
    def visits(self) -> list[Appointment]:
        """All visits of the series in order of time."""
        return visits_of(self.series)

    @property
    def standing(self) -> list[Appointment]:
        """Those that count or are to come."""
        return [one for one in self.visits if one.counts or one.status in Appointment.BLOCKING]

    def days(self) -> list[date]:
        """Local dates of what counts or is to come."""
        return [wall(one)[0] for one in self.standing]

    def move_plan(self, visit: Appointment, to_date: date) -> Replan:
        """What moving the visit to that date (at its own hour) takes along."""
        return replanning.move_plan(appointment=visit, to_date=to_date, to_time=wall(visit)[1], now=clock.now())

    def rest_plan(self, first_day: date | None = None, **changes: Any) -> Replan:
        """What is left of the series, planned anew."""
        today = clock.today(self.clinic.site.zone)
        return replanning.rest_plan(series=self.fresh(), first_day=first_day or today, now=clock.now(), **changes)

    def move(self, visit: Appointment, plan: Replan, **changes: Any) -> Appointment:
        """Book a plan for moving the visit."""
        others = {pk: starts for pk, starts in plan.moves.items() if pk != visit.pk}
        order: dict[str, Any] = {
            "by": self.clerk,
            "appointment": visit,
            "starts": plan.moves[visit.pk],
            "others": others,
            "reason": "The driver cannot come.",
            "version": visit.version,
            "key": uuid4(),
            "seen": plan.seen,
        } | changes
        return course.move_with_neighbours(**order)

    def replan(self, plan: Replan, first_day: date | None = None, **changes: Any) -> Series:
        """Book a plan for the rest."""
        order: dict[str, Any] = {
            "by": self.clerk,
            "series": self.series,
            "first_day": first_day or clock.today(self.clinic.site.zone),
            "moves": plan.moves,
            "added": plan.added,
            "reason": "The patient had a cold.",
            "key": uuid4(),
            "seen": plan.seen,
            "beyond": bool(plan.beyond),
        } | changes
        return course.replan_rest(**order)

    def change(self, plan: Replan, sessions: int, spacing: Spacing | None = None, **changes: Any) -> Series:
        """Set number and spacing as a doctor does."""
        order: dict[str, Any] = {
            "by": self.doctor,
            "series": self.series,
            "sessions": sessions,
            "spacing": spacing,
            "first_day": clock.today(self.clinic.site.zone),
            "moves": plan.moves,
            "added": plan.added,
            "dropped": plan.dropped,
            "reason": "By the response.",
            "key": uuid4(),
            "seen": plan.seen,
            "beyond": bool(plan.beyond),
        } | changes
        return course.change_course(**order)

    def fresh(self) -> Series:
        """The series as it is in the database."""
        return Series.objects.select_related("site", "patient", "protocol_version").get(pk=self.series.pk)

    def told(self) -> list[Message]:
        """Messages about the series as a whole that tell a change."""
        return list(Message.objects.filter(series=self.series, kind=Message.Kind.BOOSTERS_CHANGED))


def gaps(days: Sequence[date]) -> list[int]:
    """Days between neighbours."""
    return [(later - earlier).days for earlier, later in pairwise(days)]


def lose(visit: Appointment) -> None:
    """The patient did not come: the visit is over and does not count, its time is given back."""
    Hold.objects.filter(appointment=visit).delete()
    Appointment.objects.filter(pk=visit.pk).update(status=Appointment.Status.NOSHOW, ending="no_show", counts=False)


def at_noon_after(visit: Appointment) -> datetime:
    """The day after a visit, at 12:00 UTC."""
    return visit.starts.replace(hour=12, minute=0) + timedelta(days=1)
