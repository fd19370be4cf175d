"""The doctor's list of a clinic with 300 patients in maintenance, and one of their courses, as she opens them."""

import statistics
from datetime import timedelta

from django.urls import reverse

from clinic import clock
from clinic.models import Site, StaffMember
from clinic.permissions import Role
from patients.models import Measure, Observation
from scheduling.bench.measure import Figure, in_turn, within
from scheduling.bench.site import Bench, make_patients, make_place, member_at
from scheduling.bench.web import serving, trivial_path
from scheduling.bench.world import World
from scheduling.models import Appointment, BoosterPlan, Ending, ProtocolVersion, Series

PATIENTS, INFUSIONS, BOOSTERS, SCORES = 300, 6, 6, 40
#: Milliseconds in which the server answers with the doctor's list, at p50.
MOST = 150


def doctors_desk(world: World) -> Figure:
    """The doctor's list through HTTP, beside a signed-in page that does next to nothing; one course in the notes."""
    doctor, series = make_maintenance(world.bench)
    if doctor.user is None:
        raise ValueError("The doctor has an account.")
    path, course = reverse("doctor:home"), reverse("doctor:boosters", args=[series[0].pk])
    with serving() as server:
        browser = server.signed_in(doctor.user)
        if str(PATIENTS).encode() not in browser.get(path):
            raise ValueError(f"The doctor's list does not count {PATIENTS} patients.")
        values, floors = in_turn(
            world.options.times(100), lambda: browser.get(path), lambda: browser.get(trivial_path()), warm_up=10
        )
        one, _ = in_turn(world.options.times(50), lambda: browser.get(course), lambda: browser.get(trivial_path()))
    return within(
        "doctor",
        f"the doctor's list of {PATIENTS} patients in maintenance through HTTP: signed in, rendered, by gunicorn",
        "a signed-in page that does next to nothing",
        values,
        floors,
        MOST,
    ).noting(f"{statistics.median(one):.1f} ms at p50 for one course with its curve")


def make_maintenance(bench: Bench) -> tuple[StaffMember, list[Series]]:
    """A site of its own whose patients have had an induction and some boosters, with a score every third day."""
    site, _chairs = make_place("Maintenance", 8)
    doctor = member_at(site, "Maintenance Doctor", Role.DOCTOR)
    clerk = member_at(site, "Maintenance Clerk", Role.FRONT_DESK).user
    if clerk is None:
        raise ValueError("The clerk has an account.")
    patients = make_patients(Bench(site, clerk, bench.versions, ()), PATIENTS)
    now, version = clock.now(), bench.series
    series = Series.objects.bulk_create(
        Series(
            patient=one,
            site=site,
            protocol_version=version,
            sessions=INFUSIONS,
            first_day=clock.today(site.zone),
            stage=Series.Stage.MAINTENANCE,
            created_at=now,
        )
        for one in patients
    )
    BoosterPlan.objects.bulk_create(
        BoosterPlan(series=one, interval_days=21, tolerance_days=3, reason="As seen", set_by=doctor, set_at=now)
        for one in series
    )
    Appointment.objects.bulk_create(visit for one in series for visit in _visits(one, site, version))
    Observation.objects.bulk_create(
        Observation(
            patient=one.patient,
            measure=Measure.PAIN,
            value=2 + number % 6,
            effective_at=now - timedelta(days=3 * number),
            source=Observation.Source.PATIENT,
            source_id=f"bench {number}",
        )
        for one in series
        for number in range(SCORES)
    )
    return doctor, series


def _visits(series: Series, site: Site, version: ProtocolVersion) -> list[Appointment]:
    """An induction every third day, then a booster every three weeks; the last one is to come."""
    now = clock.now()
    first = clock.of_cell(clock.cell(now)) - timedelta(days=21 * (BOOSTERS - 1) + 3 * INFUSIONS)
    starts = [first + timedelta(days=3 * number) for number in range(INFUSIONS)]
    starts += [starts[-1] + timedelta(days=21 * number) for number in range(1, BOOSTERS + 1)]
    made = []
    for number, moment in enumerate(starts):
        is_past = moment < now
        made.append(
            Appointment(
                patient=series.patient,
                site=site,
                series=series,
                protocol_version=version,
                kind=Appointment.Kind.INFUSION if number < INFUSIONS else Appointment.Kind.BOOSTER,
                number=number + 1 if number < INFUSIONS else number - INFUSIONS + 1,
                status=Appointment.Status.FULFILLED if is_past else Appointment.Status.BOOKED,
                ending=Ending.COMPLETED if is_past else "",
                counts=True if is_past else None,
                starts=moment,
                ends=moment + timedelta(minutes=115),
                created_at=now,
            )
        )
    return made
