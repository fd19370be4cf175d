"""Boosters at the demo's site that offers them: what the night proposed and offered, and what patients said to it."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from clinic import clock
from clinic.actor import Actor
from patients.models import Patient
from scheduling.actions import booster_offers
from scheduling.models import Appointment, ProposedBooster, Series

#: The moment of the night in which dates are worked out, local time, and hours until the patient has answered.
NIGHT, ANSWERED_AFTER = time(2, 30), timedelta(hours=7)
#: Who says no, by telephone, to what is offered last: on the desk's list of boosters that are due.
SAYS_NO = ("Cruz",)


def live_on_offers(
    patient: Patient, series: Series, desk: Actor, attend: Callable[[Sequence[Appointment]], None]
) -> None:
    """From the boosters that were booked with the interval until today: each is attended (`attend`), the night after it
    offers what comes next, and the patient says yes; the last offers are still open, or declined.
    """
    while due := _due(series):
        attend(due)
        night = _night_after(due[-1])
        if night >= clock.now():
            return
        with clock.at_moment(night):
            fresh = Series.objects.select_related("site", "patient", "protocol_version__protocol").get(pk=series.pk)
            booster_offers.propose(by=Actor.system("proposed boosters"), series=fresh)
        _answer(patient, series, desk, min(night + ANSWERED_AFTER, clock.now()))


def _due(series: Series) -> list[Appointment]:
    ahead = series.appointments.blocking().filter(kind=Appointment.Kind.BOOSTER).order_by("starts")
    return [visit for visit in ahead if visit.starts < clock.now()]


def _night_after(visit: Appointment) -> datetime:
    zone = visit.site.zone
    return clock.moment(clock.local(visit.ends, zone).date() + timedelta(days=1), NIGHT, zone)


def _answer(patient: Patient, series: Series, desk: Actor, answered_at: datetime) -> None:
    """Yes to the first date offered; the second one waits, unless it is past by now, or is declined."""
    offered = ProposedBooster.objects.filter(series=series, status=ProposedBooster.Status.OFFERED).order_by("starts")
    now = clock.now()
    with clock.at_moment(answered_at):
        for number, one in enumerate(offered):
            is_ahead = one.starts > now
            if is_ahead and patient.family_name in SAYS_NO:
                booster_offers.decline(by=desk, proposed=one)
            elif number == 0 or not is_ahead:
                booster_offers.accept(by=patient.as_actor, proposed=one)
