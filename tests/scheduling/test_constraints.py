"""The database has the last word: each constraint of holds and visits is tried by somebody who means to break it.

Rows are written directly, past every action, as a faulty program would.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clinic import clock
from clinic.models import Resource
from scheduling.models import Appointment, Hold, Offer, Series
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db


class World:
    """One clinic with one visit from 09:00 to 10:00, to hang holds on."""

    def __init__(self) -> None:
        self.clinic: Clinic = make_clinic()
        self.patient = make_patient(self.clinic.site)
        self.starts = self.clinic.at(FIRST_DAY, 9)
        self.visit = self.appointment()
        self.cell = clock.cell(self.starts)
        self.nurse: Resource = self.clinic.nurses[0].resource

    def appointment(self, **changes: Any) -> Appointment:
        """A consult at 09:00, changed as asked."""
        values = {
            "patient": self.patient,
            "site": self.clinic.site,
            "protocol_version": self.clinic.consult,
            "kind": Appointment.Kind.CONSULT,
            "status": Appointment.Status.BOOKED,
            "starts": self.starts,
            "ends": self.starts + timedelta(hours=1),
            "created_at": NOW,
        }
        return Appointment.objects.create(**(values | changes))

    def series(self) -> Series:
        """A series with nothing in it yet."""
        return Series.objects.create(
            patient=self.patient,
            site=self.clinic.site,
            protocol_version=self.clinic.induction,
            sessions=6,
            first_day=FIRST_DAY,
            created_at=NOW,
        )

    def offer(self) -> Offer:
        """A kept plan without any time yet."""
        return Offer.objects.create(
            kind=Offer.Kind.KEPT_PLAN,
            patient=self.patient,
            site=self.clinic.site,
            protocol_version=self.clinic.induction,
            plan={},
            expires_at=NOW,
            created_at=NOW,
        )

    def hold(self, **changes: Any) -> Hold:
        """The nurse's first watch unit for an hour, changed as asked."""
        values = {
            "resource": self.nurse,
            "capacity": self.nurse.capacity,
            "start_cell": self.cell,
            "end_cell": self.cell + 12,
            "first_unit": 1,
            "end_unit": 2,
            "appointment": self.visit,
        }
        return Hold.objects.create(**(values | changes))

    def refuses(self, constraint: str, make: Any, **changes: Any) -> None:
        """The database refuses the row, and it is this constraint that does."""
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            make(**changes)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("hold_never_twice", {}),
        ("hold_never_twice", {"start_cell": 1, "end_cell": 10_000_000}),
        ("hold_never_twice", {"first_unit": 0, "end_unit": 5}),
        ("hold_takes_units", {"first_unit": 2, "end_unit": 2}),
        ("hold_takes_units", {"first_unit": 3, "end_unit": 2}),
        ("hold_within_capacity", {"first_unit": 4, "end_unit": 6}),
        ("hold_capacity_is_its_resources", {"capacity": 8, "first_unit": 4, "end_unit": 8}),
        ("hold_of_one_visit_or_offer", {"appointment": None, "first_unit": 3, "end_unit": 4}),
    ],
)
def test_a_hold_that_cannot_be_is_refused(world: World, constraint: str, changes: dict[str, Any]) -> None:
    world.hold()
    world.refuses(constraint, world.hold, **changes)


def test_a_hold_of_no_time_or_of_time_running_backwards_is_refused(world: World) -> None:
    world.refuses("hold_takes_time", world.hold, end_cell=world.cell)
    world.refuses("hold_takes_time", world.hold, end_cell=world.cell - 1)


def test_a_hold_of_a_visit_and_an_offer_at_once_is_refused(world: World) -> None:
    world.refuses("hold_of_one_visit_or_offer", world.hold, offer=world.offer(), expires_at=NOW)


def test_a_hold_of_an_offer_without_an_end_is_refused(world: World) -> None:
    world.refuses("hold_of_an_offer_expires", world.hold, appointment=None, offer=world.offer())


def test_negative_cells_and_units_are_refused(world: World) -> None:
    world.refuses("start_cell", world.hold, start_cell=-5)
    world.refuses("hold_takes_units", world.hold, first_unit=-1)


def test_holds_that_only_touch_stand_side_by_side(world: World) -> None:
    world.hold()
    world.hold(start_cell=world.cell + 12, end_cell=world.cell + 24)
    world.hold(first_unit=2, end_unit=5)
    assert Hold.objects.count() == 3


def test_a_nurse_cannot_be_given_fewer_units_than_are_held(world: World) -> None:
    world.hold(first_unit=4, end_unit=5)
    world.nurse.capacity = 4
    with pytest.raises(IntegrityError, match="hold_within_capacity"), transaction.atomic():
        world.nurse.save()
    Hold.objects.all().delete()
    world.nurse.save()
    assert Resource.objects.get(pk=world.nurse.pk).capacity == 4


def test_a_chair_has_one_unit_and_a_site(world: World) -> None:
    chair = world.clinic.chairs[0]
    for constraint, changes in (
        ("resource_only_staff_have_many_units", {"capacity": 2}),
        ("resource_at_a_site_unless_staff", {"site": None}),
        ("resource_capacity_in_range", {"capacity": 0}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Resource.objects.filter(pk=chair.pk).update(**changes)


def test_a_patient_is_never_in_two_places_while_both_visits_stand(world: World) -> None:
    overlap = {"starts": world.starts + timedelta(minutes=30), "ends": world.starts + timedelta(hours=2)}
    world.refuses("appointment_patient_in_one_place", world.appointment, **overlap)
    for status in (Appointment.Status.PROPOSED, Appointment.Status.ARRIVED):
        world.refuses("appointment_patient_in_one_place", world.appointment, status=status, **overlap)
    cancelled = {"status": Appointment.Status.CANCELLED, "ending": "cancelled"}
    assert world.appointment(**overlap, **cancelled).pk
    assert world.appointment(starts=world.starts + timedelta(hours=1), ends=world.starts + timedelta(hours=2)).pk


def test_a_visit_of_no_time_or_off_the_grid_is_refused(world: World) -> None:
    world.refuses("appointment_times_in_order", world.appointment, ends=world.starts - timedelta(minutes=5))
    later = world.starts + timedelta(hours=3)
    world.refuses("appointment_times_in_order", world.appointment, starts=later, ends=later)
    world.refuses(
        "appointment_on_the_grid",
        world.appointment,
        starts=later + timedelta(minutes=1),
        ends=later + timedelta(minutes=10),
    )


def test_an_infusion_belongs_to_a_series_and_a_consult_to_none(world: World) -> None:
    later = {"starts": world.starts + timedelta(hours=3), "ends": world.starts + timedelta(hours=4)}
    name = "appointment_infusions_belong_to_a_series"
    world.refuses(name, world.appointment, kind=Appointment.Kind.INFUSION, **later)
    world.refuses(name, world.appointment, series=world.series(), **later)


def test_a_closed_visit_has_a_word_and_an_open_one_has_none(world: World) -> None:
    later = {"starts": world.starts + timedelta(hours=3), "ends": world.starts + timedelta(hours=4)}
    for status in (Appointment.Status.FULFILLED, Appointment.Status.CANCELLED, Appointment.Status.NOSHOW):
        world.refuses("appointment_ends_with_a_word", world.appointment, status=status, **later)
    world.refuses("appointment_ends_with_a_word", world.appointment, ending="completed", **later)


def test_a_series_has_each_number_once_unless_the_visit_did_not_count(world: World) -> None:
    series = world.series()
    first = {"kind": Appointment.Kind.INFUSION, "series": series, "number": 1}

    def at(hours: int) -> dict[str, Any]:
        return {"starts": world.starts + timedelta(hours=hours), "ends": world.starts + timedelta(hours=hours + 1)}

    missed = {"status": Appointment.Status.NOSHOW, "ending": "no_show", "counts": False}
    assert world.appointment(**first, **at(2), **missed).pk
    assert world.appointment(**first, **at(4)).pk
    world.refuses("appointment_number_once_per_series", world.appointment, **first, **at(6))
    booster = first | {"kind": Appointment.Kind.BOOSTER}
    assert world.appointment(**booster, **at(6)).pk


def test_a_series_keeps_the_rules_of_its_status(world: World) -> None:
    series = world.series()
    for constraint, changes in (
        ("series_of_some_sessions", {"sessions": 0}),
        ("series_held_until_some_time", {"status": "draft"}),
        ("series_ended_at_some_time", {"status": "completed"}),
        ("series_stopped_for_a_reason", {"status": "revoked", "ended_at": NOW}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Series.objects.filter(pk=series.pk).update(**changes)


def test_without_the_constraint_the_same_rows_would_overlap(world: World) -> None:
    """The control: what `hold_never_twice` keeps out is really written where it is not there."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE loose AS SELECT * FROM scheduling_hold WITH NO DATA")
        for _ in range(2):
            cursor.execute(
                "INSERT INTO loose (resource_id, start_cell, end_cell, first_unit, end_unit) VALUES (1, 10, 20, 1, 2)"
            )
        cursor.execute(
            """
            SELECT count(*) FROM loose AS a JOIN loose AS b ON a.ctid < b.ctid AND a.resource_id = b.resource_id
            AND int4range(a.start_cell, a.end_cell) && int4range(b.start_cell, b.end_cell)
            AND int4range(a.first_unit, a.end_unit) && int4range(b.first_unit, b.end_unit)
            """
        )
        assert cursor.fetchone()[0] == 1
