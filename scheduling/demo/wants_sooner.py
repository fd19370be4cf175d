"""Some of the demo's patients want a visit sooner, and some of them are being asked about a time."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from clinic import clock
from clinic.models import Site
from scheduling.actions import earlier
from scheduling.demo.attending import Team
from scheduling.models import Appointment, EarlierWish
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import Looking

#: What they say, in turn: the hours that suit and what the desk wrote down beside it.
SAID = (
    (Wishes(), "Any day will do; lives around the corner."),
    (Wishes(patient_can=dict.fromkeys(range(5), ((8 * 60, 13 * 60),))), "I work in the afternoon."),
    (Wishes(driver_can={0: ((12 * 60, 18 * 60),), 2: ((12 * 60, 18 * 60),), 4: ((12 * 60, 18 * 60),)}), ""),
    (Wishes(patient_can={1: ((9 * 60, 18 * 60),), 3: ((9 * 60, 18 * 60),)}), "Tuesdays and Thursdays only."),
)
#: Which of them went on the list by the link of a message.
BY_THEMSELVES = 1
#: A visit nearer than this is not worth moving.
FAR = timedelta(days=3)


def some_want_sooner(sites: Iterable[Site], team: Team) -> None:
    """Four patients of each site go on the list, days apart; where time is free, one of them is asked."""
    now = clock.now()
    for site in sites:
        far = Appointment.objects.filter(site=site, status=Appointment.Status.BOOKED, starts__gt=now + FAR)
        firsts = far.select_related("patient").order_by("patient_id", "starts").distinct("patient_id")
        for number, visit in enumerate(sorted(firsts, key=lambda one: one.starts)[: len(SAID)]):
            hours, note = SAID[number]
            by = visit.patient.as_actor if number == BY_THEMSELVES else team.desk
            with clock.at_moment(max(visit.created_at, now - timedelta(days=6 - number))):
                earlier.wish_sooner(by=by, appointment=visit, hours=hours, note=note)
        _ask_one(site, team)


def _ask_one(site: Site, team: Team) -> None:
    """The first chance that leaves some for the work list is offered, to whoever fits best."""
    chances = Looking(site, clock.now()).chances()
    if not chances or EarlierWish.objects.filter(appointment__site=site).count() < 2:
        return
    chance = chances[0]
    wishes = [fit.wish for fit in chance.fits[:1]]
    minutes = site.offer_minutes
    earlier.offer_time(by=team.desk, site=site, starts=chance.starts, wishes=wishes, minutes=minutes, key=uuid4())
