"""The earlier-time list: which free times somebody on it could have, and who fits each, best first.

Nothing is written down when time comes free. Whatever freed it (a cancellation, a no-show, an early end, a lapsed
offer, a new shift), a free time that suits somebody is found by looking at the day sheets, and is gone when it is
taken or offered. docs/decisions/earlier-times.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from clinic import clock
from clinic.models import Site, User
from scheduling import wishes as wishes_json
from scheduling.models import Appointment, EarlierWish, Invitation, Offer, Ride
from scheduling.planner import earlier
from scheduling.planner.earlier import Seeker
from scheduling.planner.search import PossibleStart, possible_starts
from scheduling.planner.values import VisitShape
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.earlier_wishes import busy_cells_of, days_answered, waiting
from scheduling.selectors.known_shapes import Shapes
from scheduling.selectors.local_days import days_between
from scheduling.selectors.neighbours import Neighbours, neighbours_of_all
from scheduling.selectors.notice import notice_hours
from scheduling.selectors.planning import SLOT_MINUTES
from scheduling.selectors.series_rules import local_day, spacing_of
from scheduling.when import day_words

HORIZON_DAYS = 28
"""How far ahead free times are looked for: four weeks, as for the first visit of a series."""
TO_ANSWER = timedelta(minutes=30)
"""The least time that somebody gets to answer. Shorter, the offer lapses while the mail is on its way."""
TO_SET_OUT = timedelta(hours=1)
"""What anybody needs between saying yes and being here, whether or not they fast or are driven."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One wish that a time would meet. `why` says in words what speaks for it; fewer `points` fit better."""

    wish: EarlierWish
    starts: datetime
    points: int
    why: tuple[str, ...]

    @property
    def visit(self) -> Appointment:
        """The visit that would come sooner."""
        return self.wish.appointment

    @property
    def answer_by(self) -> datetime:
        """The last moment for a yes (UTC)."""
        return latest_answer(self.visit, self.starts)


@dataclass(frozen=True, slots=True)
class Chance:
    """A free time (UTC) that somebody on the list could have, and who, best first. All their visits are of one shape:
    the time can be held for any of them.
    """

    site: Site
    starts: datetime
    ends: datetime
    fits: tuple[Fit, ...]

    @property
    def cell(self) -> int:
        """The cell at which it starts, as addresses have it."""
        return clock.cell(self.starts)

    @property
    def more(self) -> int:
        """How many it fits beside the best."""
        return len(self.fits) - 1

    @property
    def visit(self) -> Appointment:
        """One of the visits that would come sooner: what kind of visit it is."""
        return self.fits[0].visit

    @property
    def answer_by(self) -> datetime:
        """The last moment for a yes of whoever needs the longest notice."""
        return min(fit.answer_by for fit in self.fits)


def notice_of(visit: Appointment) -> timedelta:
    """How long before its start a visit must be known: fasting is begun, and a driver found, from then on.

    Fasting hours are the protocol's, the driver's notice the site's. Needs `site`, `protocol_version`, `ride` loaded.
    """
    version = visit.protocol_version
    ride: Ride | None = getattr(visit, "ride", None)
    driven = version.needs_ride and (ride is None or ride.status != Ride.Status.WAIVED)
    return max(timedelta(hours=notice_hours(version, visit.site, is_driven=driven)), TO_SET_OUT)


def latest_answer(visit: Appointment, starts: datetime) -> datetime:
    """The last moment (UTC) at which a yes to `starts` leaves time to fast and to find a driver."""
    return starts - notice_of(visit)


def could_come_sooner(visit: Appointment, now: datetime) -> bool:
    """Whether an earlier time could still be offered in time to answer, to fast and to find a driver."""
    return visit.status == Appointment.Status.BOOKED and now + TO_ANSWER < latest_answer(visit, visit.starts)


def chances_of(user: User, now: datetime) -> list[Chance]:
    """The best free time of each day and kind of visit at the user's sites, soonest first. `now` is aware."""
    asked: dict[Site, list[UUID]] = defaultdict(list)
    for wish in wishes_of(user, now):
        asked[wish.appointment.site].append(wish.pk)
    found = [chance for site, only in asked.items() for chance in Looking(site, now, only=only).chances()]
    return sorted(found, key=lambda one: (one.starts, one.site.name))


def wishes_of(user: User, now: datetime) -> list[EarlierWish]:
    """Everybody on the list at the user's sites, who has waited longest first."""
    return list(waiting(EarlierWish.objects.for_user(user), now))


def worth_offering(chances: Sequence[Chance]) -> list[Chance]:
    """Of chances in order of time those that are the first for somebody: what there is to do, without saying the same
    of every later day.
    """
    found, seen = [], set[UUID]()
    for chance in chances:
        new = {fit.wish.pk for fit in chance.fits} - seen
        if new:
            found.append(chance)
            seen |= new
    return found


def with_invitations(offers: QuerySet[Offer]) -> QuerySet[Offer]:
    """Earlier times with what a row about each shows, the first to lapse on top. Two queries."""
    asked = Prefetch("invitations", Invitation.objects.select_related("patient"))
    return offers.select_related("site", "protocol_version__protocol").prefetch_related(asked).order_by("expires_at")


class Looking:
    """The free time of a site and everybody on its list, loaded once, in a constant number of queries.

    `only`: these wishes alone. `days`: local dates to look at; None: all within the horizon.
    """

    def __init__(
        self,
        site: Site,
        now: datetime,
        *,
        only: Collection[UUID] | None = None,
        days: Collection[date] | None = None,
    ) -> None:
        self.site, self.now = site, now
        wanted = EarlierWish.objects.filter(appointment__site=site)
        self.wishes = list(waiting(wanted if only is None else wanted.filter(pk__in=only), now))
        today = clock.local(now, site.zone).date()
        last = min(
            today + timedelta(days=HORIZON_DAYS),
            max((local_day(wish.appointment.starts, site) for wish in self.wishes), default=today),
        )
        self.days = sorted(days) if days is not None else days_between(today, last)

    @cached_property
    def seekers(self) -> dict[VisitShape, list[tuple[EarlierWish, Seeker]]]:
        """Everybody who is not just being asked about another time, by what their visit needs."""
        visits = [wish.appointment for wish in self.wishes]
        bounds, busy = neighbours_of_all(visits), busy_cells_of(visits)
        answered = days_answered(self.wishes)
        shapes, found = Shapes(), defaultdict(list)
        for wish in self.wishes:
            barred = answered[wish.pk]
            if None in barred:
                continue
            seeker = self._seeker(wish, bounds[wish.appointment_id], busy[wish.appointment_id], barred)
            found[shapes.of(wish.appointment)].append((wish, seeker))
        return dict(found)

    @cached_property
    def starts(self) -> dict[VisitShape, dict[date, list[PossibleStart]]]:
        """Every free start by what the visit needs and by local date."""
        if not self.seekers or not self.days:
            return {}
        sheet = load_sheet(self.site, self.days, now=self.now)
        found: dict[VisitShape, dict[date, list[PossibleStart]]] = {}
        for shape in self.seekers:
            by_day: dict[date, list[PossibleStart]] = defaultdict(list)
            for one in possible_starts(shape, sheet.days, sheet.resources, sheet.taken).starts:
                by_day[one.date].append(one)
            found[shape] = by_day
        return found

    def chances(self) -> list[Chance]:
        """The best start of each day and kind of visit: the one that suits the most."""
        best = []
        for shape, day, fits in self._fits_by_day():
            start = earlier.best_start([(one, [points for _, _, points in who]) for one, who in fits.items()])
            if start is not None:
                best.append(self._chance(shape, start, fits[start], day))
        return sorted(best, key=lambda one: one.starts)

    def at(self, starts: datetime) -> list[Chance]:
        """Who could have exactly this time, one chance for each kind of visit."""
        cell = clock.cell(starts)
        return [
            self._chance(shape, start, who, day)
            for shape, day, fits in self._fits_by_day()
            for start, who in fits.items()
            if start.start == cell
        ]

    def others(self, starts: datetime) -> list[tuple[datetime, int, int]]:
        """Other starts on the same day, each with its cell and how many it fits; on quarters of the hour, where there
        are such.
        """
        day, cell = clock.local(starts, self.site.zone).date(), clock.cell(starts)
        counts: dict[int, int] = defaultdict(int)
        for _shape, on, fits in self._fits_by_day():
            for start, who in fits.items():
                if on == day and start.start != cell:
                    counts[start.start] += len(who)
        every = [(clock.of_cell(one), one, number) for one, number in sorted(counts.items())]
        return [one for one in every if clock.local(one[0], self.site.zone).minute % SLOT_MINUTES == 0] or every

    def _fits_by_day(
        self,
    ) -> Iterable[tuple[VisitShape, date, dict[PossibleStart, list[tuple[EarlierWish, Seeker, int]]]]]:
        for shape, seekers in self.seekers.items():
            by_day = self.starts[shape]
            for day in self.days:
                fits: dict[PossibleStart, list[tuple[EarlierWish, Seeker, int]]] = defaultdict(list)
                for wish, seeker in seekers:
                    if day in seeker.days:
                        worth = earlier.points(day, seeker)
                        for start in earlier.fitting(by_day.get(day, ()), shape.cells, seeker):
                            fits[start].append((wish, seeker, worth))
                if fits:
                    yield shape, day, fits

    def _chance(
        self, shape: VisitShape, start: PossibleStart, who: list[tuple[EarlierWish, Seeker, int]], day: date
    ) -> Chance:
        starts = clock.of_cell(start.start)
        fits = sorted(
            (Fit(wish, starts, worth, tuple(_why(wish, seeker, day))) for wish, seeker, worth in who),
            key=lambda fit: (fit.points, fit.wish.created_at),
        )
        return Chance(self.site, starts, clock.of_cell(start.start + shape.cells), tuple(fits))

    def _seeker(
        self, wish: EarlierWish, bound: Neighbours, busy: list[tuple[int, int]], barred: set[date | None]
    ) -> Seeker:
        visit = wish.appointment
        here = local_day(visit.starts, self.site)
        first = wish.not_before or date.min
        return Seeker(
            days=frozenset(day for day in self.days if first <= day < here and day not in barred and bound.allows(day)),
            earliest=clock.cell_up(self.now + TO_ANSWER + notice_of(visit)),
            before=clock.cell(visit.starts),
            day=here,
            wishes=wishes_json.from_json(wish.hours),
            busy=tuple(busy),
            ideal=_ideal(visit, bound),
            previous=bound.before,
            next=bound.after,
            waited=(self.now - wish.created_at).days,
        )


def _ideal(visit: Appointment, bound: Neighbours) -> float:
    """Days wished between neighbours: the series' for infusions, the middle of what may be for boosters."""
    if visit.series is None:
        return 0.0
    if visit.kind == Appointment.Kind.INFUSION:
        return spacing_of(visit.series).ideal
    most = bound.most_before or bound.most_after
    return (bound.least + most) / 2 if most else float(bound.least)


def _why(wish: EarlierWish, seeker: Seeker, day: date) -> Iterable[str]:
    """What speaks for a date, in words for the desk."""
    gained = (seeker.day - day).days
    yield f"{_days(gained)} sooner than {day_words(wish.appointment.starts, wish.appointment.site.zone)}"
    between = [
        f"{_days((day - seeker.previous).days)} after the visit before" if seeker.previous else "",
        f"{_days((seeker.next - day).days)} before the next" if seeker.next else "",
    ]
    said = " and ".join(part for part in between if part)
    if said:
        yield f"{said} ({seeker.ideal:g} is ideal)"
    yield f"on the list for {_days(seeker.waited)}" if seeker.waited else "on the list since today"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
