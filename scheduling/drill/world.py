"""Messages that are due, of kinds that a clinic sends most: written as rows in bulk, as the ledger would have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

from clinic import clock
from patients.models import Language, Patient
from scheduling.bench.site import Bench
from scheduling.drill.house import House
from scheduling.drill.sink import BAD
from scheduling.messages import rows
from scheduling.models import Appointment, Message, Ride, Series

Kind, State = Message.Kind, Message.State

#: Each patient's one message is of one of these, in turn: the whole series with its calendar file, and two reminders.
KINDS = (Kind.BOOKED, Kind.REMINDER, Kind.PREPARE)
#: Days from the drill's Monday to the two visits of the first patients, and the local time of both; those of the next
#: A_WEEK patients are a week later.
DAYS = (1, 4)
A_WEEK = 60
HOUR = time(14)
LONG = timedelta(minutes=115)
_batches = count(1)


@dataclass(slots=True)
class World:
    """The house, the site, and how much of everything: `quick` is a twentieth."""

    house: House
    bench: Bench
    quick: bool

    def share(self, whole: int, least: int = 20) -> int:
        """How many of what a whole drill has `whole` of."""
        return max(least, whole // 20) if self.quick else whole


def make_due(bench: Bench, number: int, *, bad_every: int = 0, due_at: datetime | None = None) -> list[Message]:
    """`number` messages due at `due_at` (now), one for each of as many new patients; of every `bad_every` patients one
    has an address that does not exist.
    """
    now = clock.now()
    batch = next(_batches)
    people = Patient.objects.bulk_create(
        Patient(
            given_name="Ada",
            family_name=f"Quill{batch}-{one}",
            birth_date=date(1980, 5, 17),
            email=f"{_prefix(one, bad_every)}{batch}-{one}@example.org",
            language=Language.SPANISH if one % 3 == 0 else Language.ENGLISH,
            created_at=now,
        )
        for one in range(number)
    )
    through = Patient.sites.through
    through.objects.bulk_create(through(patient=one, site=bench.site) for one in people)
    courses = Series.objects.bulk_create(
        _series(bench, one, number // A_WEEK, now) for number, one in enumerate(people)
    )
    visits = Appointment.objects.bulk_create(visit for series in courses for visit in _visits(bench, series, now))
    Ride.objects.bulk_create(Ride(appointment=visit, changed_at=now) for visit in visits)
    first = {visit.series_id: visit for visit in visits if visit.number == 1}
    dues = [
        _due(kind, series, first[series.pk], due_at or now)
        for series, kind in zip(courses, _in_turn(len(courses)), strict=True)
    ]
    return Message.objects.bulk_create(dues)


def _prefix(one: int, bad_every: int) -> str:
    # Not the first of each stretch: kinds come in threes, and each kind should have its bad ones.
    return BAD if bad_every and one % bad_every == bad_every // 2 else "ada-"


def _in_turn(number: int) -> Sequence[Message.Kind]:
    return [KINDS[one % len(KINDS)] for one in range(number)]


def _series(bench: Bench, patient: Patient, weeks: int, now: datetime) -> Series:
    return Series(
        patient=patient,
        site=bench.site,
        protocol_version=bench.series,
        sessions=len(DAYS),
        first_day=clock.today(bench.site.zone) + timedelta(weeks=weeks, days=DAYS[0]),
        created_at=now,
    )


def _visits(bench: Bench, series: Series, now: datetime) -> list[Appointment]:
    days = [series.first_day + timedelta(days=ahead - DAYS[0]) for ahead in DAYS]
    starts = [clock.moment(day, HOUR, bench.site.zone) for day in days]
    return [
        Appointment(
            patient=series.patient,
            site=bench.site,
            series=series,
            protocol_version=bench.series,
            kind=Appointment.Kind.INFUSION,
            number=number,
            status=Appointment.Status.BOOKED,
            starts=start,
            ends=start + LONG,
            created_at=now,
        )
        for number, start in enumerate(starts, start=1)
    ]


def _due(kind: Message.Kind, series: Series, visit: Appointment, due_at: datetime) -> Message:
    whole = kind == Kind.BOOKED
    return rows.to_patient(
        series.patient,
        series.site,
        kind,
        series=series if whole else None,
        appointment=None if whole else visit,
        version=series.version if whole else visit.version,
        due_at=due_at,
        not_after=visit.starts,
    )
