"""The clock is taken through both changes of a year in four time zones; reminders keep to the wall clock of their site.

What is expected is worked out here anew, from dates and wall times alone and never by way of UTC: a reminder's own
reckoning is not asked.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.bench.site import make_place
from scheduling.drill.findings import Finding, all_of, none_of
from scheduling.drill.world import World
from scheduling.messages import ledger
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, LadderStep, Message

NAME = "clock"
Kind = Message.Kind

YEAR = 2027
#: Zones, and the days on which their clocks change in YEAR. Arizona's never do: it goes through New York's days.
#: Lord Howe Island moves by half an hour only.
CHANGES = {
    "America/New_York": (date(2027, 3, 14), date(2027, 11, 7)),
    "America/Phoenix": (date(2027, 3, 14), date(2027, 11, 7)),
    "Europe/London": (date(2027, 3, 28), date(2027, 10, 31)),
    "Australia/Lord_Howe": (date(2027, 4, 4), date(2027, 10, 3)),
}
#: Days from the change to each visit, and when all visits begin. A visit four days later is still announced before it.
VISITS = range(-1, 5)
HOUR = time(14)
#: The clock jumps by so much, and the ledger is looked at once after each jump.
STEP = timedelta(minutes=15)
#: The default ladder: days before the visit, wall time.
LADDER = {Kind.REMINDER: (3, time(10)), Kind.PREPARE: (1, time(10)), Kind.TODAY: (0, time(8))}
SATURDAY, FRIDAY = 5, 4


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk through a change told: how many reminders at their time, how many not, and how many twice."""

    expected: int
    in_time: int
    wrong: tuple[str, ...]
    again: int


def clocks(world: World) -> list[Finding]:
    """Each reminder at its local time, once, in every zone and season."""
    # The default ladder is what is expected here; a protocol's own would be as good.
    LadderStep.objects.all().delete()
    mail = world.house.sink()
    walks = [
        walk_through(world, make_place(f"{zone} {change:%B}", 1, time_zone=zone)[0], change)
        for zone, changes in CHANGES.items()
        for change in changes[: 1 if world.quick else None]
    ]
    world.house.keeper.let_go(mail)
    wrong = [words for walk in walks for words in walk.wrong]
    note = ", ".join(zone.rpartition("/")[2].replace("_", " ") for zone in CHANGES)
    return [
        all_of(
            NAME,
            "each reminder goes out at its local time",
            sum(walk.in_time for walk in walks),
            sum(walk.expected for walk in walks),
            "reminders",
            "; ".join([note, *wrong[:3]]),
        ),
        none_of(NAME, "no reminder goes out twice", sum(walk.again for walk in walks), "reminders"),
    ]


def walk_through(world: World, site: Site, change: date) -> Walk:
    """Book visits around `change` at the site, and let its days pass."""
    begins = datetime.combine(change - timedelta(days=8), time(12), UTC)
    # Late in the evening, UTC: by then it is afternoon of the last day in every one of the zones.
    ends = datetime.combine(change + timedelta(days=VISITS[-1]), time(23), UTC)
    expected: dict[tuple[str, date], str] = {}
    with taken_to(begins):
        for ahead in VISITS:
            day = change + timedelta(days=ahead)
            ledger.announce_consult(_visit(world, site, day))
            expected |= {(kind, day): when for kind, when in _expected(day).items()}
    told: dict[str, str] = {}
    first = seen = len(world.house.arrived())
    moment = begins
    while moment <= ends:
        with taken_to(moment):
            if deliver().sent:
                wall = f"{clock.local(clock.now(), ZoneInfo(site.time_zone)):%a %d %b %H:%M}"
                come = world.house.arrived()
                told |= {one.id: wall for one in come[seen:]}
                seen = len(come)
        moment += STEP
    return _compare(site, expected, told, Counter(one.id for one in world.house.arrived()[first:]))


def _compare(site: Site, expected: dict[tuple[str, date], str], told: dict[str, str], came: Counter[str]) -> Walk:
    rows = Message.objects.filter(site=site, kind__in=LADDER, message_id__in=told).select_related("appointment")
    zone = ZoneInfo(site.time_zone)
    found = {
        (row.kind, row.appointment.starts.astimezone(zone).date()): told[row.message_id]
        for row in rows
        if row.appointment is not None
    }
    wrong = tuple(
        f"{site.time_zone}, {kind} for {day:%d %b}: {found.get((kind, day), 'never')} instead of {when}"
        for (kind, day), when in expected.items()
        if found.get((kind, day)) != when
    )
    again = sum(times - 1 for times in came.values())
    return Walk(len(expected), len(expected) - len(wrong), wrong, again)


def _expected(visit: date) -> dict[str, str]:
    """The wall times of the reminders of a visit on that day, by kind; what can wait does not go out on a weekend."""
    found = {}
    for kind, (before, at) in LADDER.items():
        day = visit - timedelta(days=before)
        if kind == Kind.REMINDER and day.weekday() >= SATURDAY:
            day -= timedelta(days=day.weekday() - FRIDAY)
        found[str(kind)] = f"{datetime.combine(day, at):%a %d %b %H:%M}"
    return found


def _visit(world: World, site: Site, day: date) -> Appointment:
    starts = datetime.combine(day, HOUR, tzinfo=ZoneInfo(site.time_zone)).astimezone(UTC)
    patient = Patient.objects.create(
        given_name="Ada",
        family_name=f"Quill {day:%j}",
        birth_date=date(1980, 5, 17),
        email=f"ada-{day:%Y-%m-%d}@{site.time_zone.rpartition('/')[2].replace('_', '-').lower()}.example.org",
        created_at=clock.now(),
    )
    patient.sites.add(site)
    return Appointment.objects.create(
        patient=patient,
        site=site,
        protocol_version=world.bench.versions["consult"],
        kind=Appointment.Kind.CONSULT,
        status=Appointment.Status.BOOKED,
        starts=starts,
        ends=starts + timedelta(minutes=45),
        created_at=clock.now(),
    )


@contextmanager
def taken_to(moment: datetime) -> Iterator[None]:
    """The clock of this process at `moment` (UTC) and running, by the offset that every process of the clinic has."""
    before = settings.CLOCK_OFFSET_SECONDS
    settings.CLOCK_OFFSET_SECONDS = before + (moment - clock.now()).total_seconds()
    try:
        yield
    finally:
        settings.CLOCK_OFFSET_SECONDS = before
