"""Keeping visits covered: others take over at the same time, which the patient never notices; and what a change of the
clinic does about visits for which nobody can.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count
from django.utils.translation import ngettext

from clinic import clock, locks
from clinic.errors import Refused
from clinic.models import Site, StaffMember
from scheduling.actions import holds
from scheduling.actions.holds import ToHold
from scheduling.actions.moving import held_until
from scheduling.models import Appointment, Hold
from scheduling.planner.seats import Seat, Seats, seat_all
from scheduling.planner.values import Placement
from scheduling.selectors import rescue
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.local_days import LocalDay
from scheduling.selectors.rescue import PLACES, Question
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.stranded import booked_days, stranded

#: So many visits are named in a refusal; the rest are counted.
NAMED = 10
Placed = dict[UUID, tuple[Placement, ...]]
"""Who and what serves each visit, by its id."""


class StrandsVisits(Refused):
    """A planned change would leave booked visits without cover. `lost` names them; nothing was changed."""

    code = "strands_visits"

    def __init__(self, lost: Sequence[Stranded]) -> None:
        names = [one.words for one in lost]
        named = "; ".join(names[:NAMED]) + (f"; and {len(names) - NAMED} more" if len(names) > NAMED else "")
        said = ngettext(
            "%(count)d booked visit would lose its cover: %(named)s.",
            "%(count)d booked visits would lose their cover: %(named)s.",
            len(names),
        ) % {"count": len(names), "named": named}
        super().__init__(f"{said} Nothing was changed; move or cancel them first, or accept each by name.")
        self.lost = tuple(lost)


def lock_sites(sites: Collection[Site]) -> None:
    """Take sites for a change: no booking runs there meanwhile, and nobody who also works elsewhere is booked there."""
    travellers = (
        StaffMember.objects.annotate(site_count=Count("sites", distinct=True))
        .filter(site_count__gt=1, pk__in=StaffMember.objects.filter(sites__in=sites))
        .values_list("resource_id", flat=True)
    )
    locks.take(
        [*(locks.site(site.pk, shared=False) for site in sites), *(locks.staff(resource) for resource in travellers)]
    )


@contextmanager
def stranding_nobody(
    sites: Collection[Site],
    begin: datetime,
    end: datetime | None = None,
    *,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> Iterator[None]:
    """Make a planned change inside, under the sites' locks. Visits in [begin, end) that lose their cover by it are
    taken over by others at the same time where that is possible.

    `accepted`: visits that may stay without cover, each named by whoever makes the change, with the `reason`, which is
    kept with them; they are on the work list until they are seen to. Visits without cover before the change do not
    count: they are not its doing. Kept plans cannot be accepted, only answered.

    Raises:
        StrandsVisits: others would lose their cover; the change is taken back.
        Refused: visits are accepted without a reason.
    """
    if accepted and not reason.strip():
        raise Refused("Say why these visits may stay without cover; it is kept with them.", field="reason")
    lock_sites(sites)
    now = clock.now()
    days = {site: booked_days(site, begin, end) for site in sites}
    before = {pk for site in sites for pk in stranded(site, days[site], now)}
    yield
    left: list[Stranded] = []
    for site in sites:
        after = stranded(site, days[site], now)
        new = {pk: one for pk, one in after.items() if pk not in before}
        taken_over = take_over(site, [pk for pk, one in new.items() if not one.is_plan], now)
        left += [one for pk, one in new.items() if pk not in taken_over]
    refused = [one for one in left if one.is_plan or one.id not in accepted]
    if refused:
        raise StrandsVisits(refused)
    for visit in Appointment.objects.filter(pk__in=[one.id for one in left]):
        visit.status_reason = f"Stays without cover: {reason.strip()}"
        visit.save(update_fields=["status_reason"])


def take_over(site: Site, visits: Collection[UUID], now: datetime) -> set[UUID]:
    """Give these visits others to serve them at the same time, as many as possible; under the site's lock. Which."""
    left = set(visits)
    while left:
        question = rescue.ask(site, left, now)
        placed, missing = seat(question, {pk: question.visits[pk].starts for pk in left if pk in question.visits})
        if not missing:
            write_seats(question, placed, now)
            return set(placed)
        # Those whom nobody can serve keep what they hold, so the others are seated once more beside that.
        left -= set(missing)
    return set()


def seat(question: Question, starts: Mapping[UUID, datetime]) -> tuple[Placed, list[UUID]]:
    """Who and what serves visits of the question at these starts (UTC), the rest of those under way included; and the
    ids of those whom nobody can serve then.
    """
    request = question.request
    shapes = {visit.key: course.shape for course in request.courses for visit in course.visits if visit.stranded}
    wanted = []
    for pk, moment in starts.items():
        rest = question.under_way.get(pk)
        wanted.append(Seat(pk, shapes[pk], rest.cell if rest is not None else clock.cell(moment)))
    return seat_all(Seats(request.days, request.resources, request.taken, request.shapes), wanted)


def write_seats(question: Question, placed: Placed, now: datetime) -> None:
    """Write what the placed visits hold, in place of what they held; of one under way only what is still to come.

    Called under the locks of their days. The constraint has the last word (placing.as_just_taken).
    """
    site = question.site
    windows = {day: LocalDay(day, site.zone) for day in (_day(site, one) for one in placed.values() if one)}
    resources = [one.id for one in question.request.resources]
    holds.delete_lapsed(resources, [(day.first, day.end) for day in windows.values()], now)
    whole = [question.visits[pk] for pk in placed if pk not in question.under_way]
    holds.release(whole)
    wanted = []
    for pk, placements in placed.items():
        rest = question.under_way.get(pk)
        if rest is not None:
            _end_what_is_held(pk, rest)
            placements = tuple(replace(one, phase=one.phase + rest.phases_done) for one in placements)
        wanted.append(ToHold(placements, appointment=pk, expires_at=held_until(question.visits[pk])))
    holds.write(wanted)


def _day(site: Site, placements: Sequence[Placement]) -> date:
    return local_day(clock.of_cell(placements[0].start), site)


def _end_what_is_held(visit: UUID, rest: rescue.UnderWay) -> None:
    """What the visit holds ends where its rest begins; its place stays where the patient does."""
    mine = Hold.objects.filter(appointment_id=visit)
    if rest.keeps_place:
        mine = mine.exclude(resource__kind__in=PLACES)
    mine.filter(start_cell__gte=rest.cell).delete()
    mine.filter(end_cell__gt=rest.cell).update(end_cell=rest.cell)
