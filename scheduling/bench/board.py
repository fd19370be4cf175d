"""The day board of a large clinic: 40 chairs and 160 visits of one day, as the front desk opens it."""

import io
import statistics
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.urls import reverse

from clinic import clock
from clinic.models import Resource, Site, StaffMember, User
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling.bench.days import WATCH
from scheduling.bench.measure import Figure, in_turn, within
from scheduling.bench.site import HOURS, Bench, make_patients, make_place, member_at
from scheduling.bench.web import serving, trivial_path
from scheduling.bench.world import World
from scheduling.models import Appointment, ProtocolVersion, Ride, Series, VisitRecord

CHAIRS, NURSES, ROUNDS = 40, 20, 4
VISITS = CHAIRS * ROUNDS
#: Milliseconds in which the server answers with the whole board, at p50.
MOST = 60
#: Two chairs share a nurse: while she prepares at the one, her hands are not wanted at the other.
_STAGGER = timedelta(minutes=20)
#: From one visit on a chair to the next: 115 minutes of visit, cleaning, and somewhat to breathe.
_EVERY = timedelta(minutes=140)
_HOLDS = "resource_id, capacity, start_cell, end_cell, first_unit, end_unit, appointment_id, phase"
#: (cells, first watch unit and how many, whether her hands are taken) of the phases of six intravenous infusions.
_PHASES = ((3, 1, True), (8, 2, False), (12, 1, False))
_CLEANING = 3


def board_beside_trivial(world: World) -> Figure:
    """The board with everything on it through HTTP, beside a signed-in page that does next to nothing."""
    site, clerk, day = make_day(world.bench)
    path = reverse("desk:board", args=[site.pk, day])
    with serving() as server:
        browser = server.signed_in(clerk)
        shown = browser.get(path).count(b'class="visit visit-')
        if shown != VISITS:
            raise ValueError(f"The board shows {shown} visits instead of {VISITS}.")
        values, floors = in_turn(
            world.options.times(100), lambda: browser.get(path), lambda: browser.get(trivial_path()), warm_up=10
        )
        anew, _ = in_turn(world.options.times(50), lambda: browser.get(path), lambda: touch(site, day))
    return within(
        "board",
        f"the day board of {CHAIRS} chairs and {VISITS} visits through HTTP: signed in, rendered, by gunicorn",
        "a signed-in page that does next to nothing",
        values,
        floors,
        MOST,
    ).noting(f"{statistics.median(anew):.1f} ms at p50 where a visit has changed since the board was drawn last")


def touch(site: Site, day: date) -> None:
    """Write one visit of the day anew, as whoever changes it does: the board has to be drawn again."""
    first, last = clock.day_bounds(day, site.zone)
    visit = Appointment.objects.filter(site=site, starts__gte=first, starts__lt=last).earliest("starts")
    Appointment.objects.filter(pk=visit.pk).update(version=visit.version)


def make_day(bench: Bench) -> tuple[Site, User, date]:
    """A second site with a full day tomorrow: its clerk, and patients in every state that the board marks."""
    site, chairs = make_place("Board", CHAIRS)
    nurses = [member_at(site, f"Board Nurse {number}", Role.NURSE, WATCH) for number in range(1, NURSES + 1)]
    member_at(site, "Board Doctor", Role.DOCTOR)
    clerk = member_at(site, "Board Clerk", Role.FRONT_DESK).user
    if clerk is None:
        raise ValueError("The clerk has an account.")
    patients = make_patients(Bench(site, clerk, bench.versions, ()), VISITS)
    _book(site, chairs, nurses, patients, bench.series, bench.first_day)
    return site, clerk, bench.first_day


def _book(
    site: Site,
    chairs: list[Resource],
    nurses: list[StaffMember],
    patients: list[Patient],
    version: ProtocolVersion,
    day: date,
) -> None:
    now = clock.now()
    series = Series.objects.bulk_create(
        Series(
            patient=one, site=site, protocol_version=version, sessions=version.sessions, first_day=day, created_at=now
        )
        for one in patients
    )
    length = timedelta(minutes=clock.CELL_MINUTES * sum(cells for cells, _, _ in _PHASES))
    visits = Appointment.objects.bulk_create(
        Appointment(
            patient_id=course.patient_id,
            site=site,
            series=course,
            protocol_version=version,
            kind=Appointment.Kind.INFUSION,
            status=Appointment.Status.ARRIVED if number % 4 == 1 else Appointment.Status.BOOKED,
            starts=starts,
            ends=starts + length,
            created_at=now,
        )
        for number, (course, starts) in enumerate(zip(series, _starts(site, day), strict=True))
    )
    VisitRecord.objects.bulk_create(
        VisitRecord(appointment=visit, arrived_at=now) for visit in visits if visit.status == Appointment.Status.ARRIVED
    )
    drivers = Contact.objects.bulk_create(
        Contact(patient_id=visit.patient_id, name="Ben Quill", is_adult=True, may_drive=True) for visit in visits
    )
    states = (Ride.Status.CONFIRMED, Ride.Status.NAMED, Ride.Status.DECLINED)
    Ride.objects.bulk_create(
        Ride(appointment=visit, companion=driver, status=states[number % 3], changed_at=now)
        for number, (visit, driver) in enumerate(zip(visits, drivers, strict=True))
        if number % 4
    )
    _hold(visits, chairs, nurses)


def _starts(site: Site, day: date) -> Iterable[datetime]:
    """When each visit starts: chair by chair, round by round."""
    opens = clock.moment(day, HOURS[0], site.zone)
    return (opens + place % 2 * _STAGGER + turn * _EVERY for place in range(CHAIRS) for turn in range(ROUNDS))


def _hold(visits: list[Appointment], chairs: list[Resource], nurses: list[StaffMember]) -> None:
    """What the visits take, past no constraint."""
    lines: list[tuple[object, ...]] = []
    for number, visit in enumerate(visits):
        place = number // ROUNDS
        lines += _lines(visit.pk, clock.cell(visit.starts), chairs[place].pk, nurses[place // 2].resource_id, place % 2)
    text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY scheduling_hold ({_HOLDS}) FROM STDIN", io.StringIO(text))


def _lines(visit: UUID, start: int, chair: int, nurse: int, side: int) -> Iterator[tuple[object, ...]]:
    """The holds of one visit; the patient at her right (`side` 1) takes the upper half of her watch."""
    low = 1 + side * (WATCH // 2)
    at = start
    for number, (cells, watched, hands) in enumerate(_PHASES):
        yield chair, 1, at, at + cells, 0, 1, visit, number
        yield nurse, 1 + WATCH, at, at + cells, low, low + watched, visit, number
        if hands:
            yield nurse, 1 + WATCH, at, at + cells, 0, 1, visit, number
        at += cells
    yield chair, 1, at, at + _CLEANING, 0, 1, visit, r"\N"
