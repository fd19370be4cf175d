"""A visit of the demo from arrival to discharge, as far as it lies in the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic import clock
from clinic.actor import Actor
from clinic.models import StaffMember
from scheduling.actions import visit
from scheduling.demo import chairside
from scheduling.demo.cast import Role
from scheduling.models import Appointment, Ending

#: Whose drip is stopped by a reading, where the demo is made while it runs; and who fainted once.
STOPPED, FAINTED = ("Abernathy", "Cruz", "Marchetti"), ("Voss",)
#: Whose last visit before today nobody has closed.
FORGOTTEN = ("Fitzgerald",)


@dataclass(frozen=True, slots=True)
class Team:
    """Who acts in the demo: the desk, the nurse, and the doctor of the site."""

    desk: Actor
    nurse: Actor
    doctor: Actor
    doctors: dict[str, StaffMember]


def attend_consult(team: Team, consult: Appointment) -> None:
    """A consult from arrival to end."""
    with clock.at_moment(consult.starts - timedelta(minutes=5)):
        visit.arrive(by=team.desk, appointment=consult)
    with clock.at_moment(consult.starts):
        visit.start(by=team.doctor, appointment=consult)
    with clock.at_moment(consult.ends):
        visit.end_visit(by=team.doctor, appointment=consult, ending=Ending.COMPLETED)


def live_through(team: Team, role: Role, visits: Sequence[Appointment]) -> None:
    """Attend each visit as far as it lies in the past; one that is under way is left where it stands."""
    now = clock.now()
    forgotten = _last_before_today(visits) if role.family in FORGOTTEN else None
    for appointment in visits:
        if appointment.starts > now:
            return
        if appointment != forgotten:
            _attend(team, role, appointment, now)


def _last_before_today(visits: Sequence[Appointment]) -> Appointment | None:
    before = [one for one in visits if clock.local(one.ends, one.site.zone).date() < clock.today(one.site.zone)]
    return max(before, key=lambda one: one.starts, default=None)


def _attend(team: Team, role: Role, appointment: Appointment, now: datetime) -> None:
    prepared = appointment.starts + timedelta(minutes=15)
    recovering = appointment.ends - timedelta(minutes=60)
    by = team.nurse
    with clock.at_moment(appointment.starts - timedelta(minutes=4)):
        visit.arrive(by=team.desk, appointment=appointment)
    if prepared > now:
        return
    asked = {question["en"]: "no" for question in appointment.protocol_version.checkin_list}
    with clock.at_moment(prepared - timedelta(minutes=8)):
        chairside.measure(by, appointment)
    with clock.at_moment(prepared):
        visit.start(by=by, appointment=appointment, checkin=asked)
        chairside.give(by, appointment)
    between = prepared + (recovering - prepared) / 2
    if recovering > prepared and between <= now:
        with clock.at_moment(between):
            chairside.measure(by, appointment, after=20)
            chairside.feel(by, appointment)
    if recovering > now:
        if between <= now and role.family in STOPPED:
            chairside.stop(by, appointment)
        return
    with clock.at_moment(max(recovering, prepared)):
        visit.to_recovery(by=by, appointment=appointment)
    if recovering + timedelta(minutes=25) <= now:
        with clock.at_moment(max(recovering, prepared) + timedelta(minutes=25)):
            chairside.measure(by, appointment, after=12)
            if role.family in FAINTED and appointment.number == 2:
                chairside.went_wrong(by, team.doctors[role.site], appointment)
    if appointment.ends > now:
        return
    with clock.at_moment(appointment.ends - timedelta(minutes=3)):
        chairside.measure(by, appointment, after=8)
    with clock.at_moment(appointment.ends):
        companion = appointment.ride.companion
        fit = [point["en"] for point in appointment.protocol_version.fitness_list]
        visit.discharge(by=by, appointment=appointment, handed_to=companion, fitness=fit)
