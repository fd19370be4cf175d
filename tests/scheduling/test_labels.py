"""Unit numbers are bookkeeping: what the counts allow is written, and nothing legal is refused for want of a number."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from clinic import clock
from clinic.errors import JustTaken
from scheduling.actions import holds
from scheduling.actions.holds import ToHold
from scheduling.models import Appointment, Hold, VisitRecord
from scheduling.planner.values import Lane, Placement
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import overlaps_in_holds
from tests.searching import seeds

pytestmark = pytest.mark.django_db
WATCH = 4


def visit(clinic: Clinic, number: int) -> Appointment:
    """A visit of somebody else, to hang holds on."""
    starts = clinic.at(FIRST_DAY, 8) + timedelta(minutes=5 * number)
    return Appointment.objects.create(
        patient=make_patient(clinic.site),
        site=clinic.site,
        protocol_version=clinic.consult,
        kind=Appointment.Kind.CONSULT,
        status=Appointment.Status.BOOKED,
        starts=starts,
        ends=starts + timedelta(minutes=30),
        created_at=NOW,
    )


def watched(nurse: int) -> Counter[int]:
    """Units held on a nurse's watch, by cell."""
    counts: Counter[int] = Counter()
    for start, end, lower, upper in Hold.objects.filter(resource=nurse, end_unit__gt=1).values_list(
        "start_cell", "end_cell", "first_unit", "end_unit"
    ):
        counts.update(dict.fromkeys(range(start, end), upper - lower))
    return counts


@pytest.mark.parametrize("seed", seeds(6))
def test_every_need_that_the_counts_allow_is_written(seed: int) -> None:
    clinic = make_clinic(chairs=1, nurses=1, watch=WATCH)
    nurse, first = clinic.nurses[0].resource_id, clock.cell(clinic.at(FIRST_DAY, 8))
    dice, model = random.Random(seed), Counter[int]()
    written: list[tuple[Appointment, Placement]] = []
    most = 0
    for number in range(60):
        if written and dice.random() < 0.3:
            gone, placement = written.pop(dice.randrange(len(written)))
            holds.release([gone])
            model.subtract(dict.fromkeys(range(placement.start, placement.end), placement.units))
            continue
        start, units = first + dice.randrange(100), dice.choice([1, 1, 2, 3])
        need = Placement(nurse, Lane.WATCH, units, start, start + dice.choice([4, 8, 12, 20]), 0)
        if all(model[cell] + units <= WATCH for cell in range(need.start, need.end)):
            owner = visit(clinic, number)
            holds.write([ToHold((need,), appointment=owner.pk)])
            written.append((owner, need))
            model.update(dict.fromkeys(range(need.start, need.end), units))
            most = max(most, len(written))
    assert +model == +watched(nurse)
    assert most > 5
    assert overlaps_in_holds() == 0


def test_a_need_for_which_no_one_number_is_free_takes_several_rows() -> None:
    clinic = make_clinic(chairs=1, nurses=1, watch=2)
    nurse, first = clinic.nurses[0].resource_id, clock.cell(clinic.at(FIRST_DAY, 8))
    early, late = visit(clinic, 0), visit(clinic, 1)
    capacity = clinic.nurses[0].resource.capacity
    Hold.objects.create(
        resource_id=nurse,
        capacity=capacity,
        start_cell=first,
        end_cell=first + 6,
        first_unit=1,
        end_unit=2,
        appointment=early,
    )
    Hold.objects.create(
        resource_id=nurse,
        capacity=capacity,
        start_cell=first + 6,
        end_cell=first + 12,
        first_unit=2,
        end_unit=3,
        appointment=late,
    )
    mine = visit(clinic, 2)
    holds.write([ToHold((Placement(nurse, Lane.WATCH, 1, first, first + 12, 0),), appointment=mine.pk)])
    rows = Hold.objects.filter(appointment=mine).order_by("start_cell")
    assert list(rows.values_list("start_cell", "end_cell", "first_unit")) == [
        (first, first + 6, 2),
        (first + 6, first + 12, 1),
    ]


def test_more_than_the_nurse_may_watch_is_refused() -> None:
    clinic = make_clinic(chairs=1, nurses=1, watch=2)
    nurse, first = clinic.nurses[0].resource_id, clock.cell(clinic.at(FIRST_DAY, 8))
    need = Placement(nurse, Lane.WATCH, 2, first, first + 6, 0)
    holds.write([ToHold((need,), appointment=visit(clinic, 0).pk)])
    with pytest.raises(JustTaken):
        holds.write([ToHold((need,), appointment=visit(clinic, 1).pk)])


def test_an_early_end_gives_back_the_rest_but_not_the_cleaning() -> None:
    clinic = make_clinic()
    chair, nurse = clinic.chairs[0], clinic.nurses[0].resource
    first = clock.cell(clinic.at(FIRST_DAY, 8))
    mine = visit(clinic, 0)
    mine.protocol_version = clinic.induction
    placements = (
        Placement(chair.pk, Lane.WHOLE, 1, first, first + 25, 0),
        Placement(nurse.pk, Lane.WATCH, 1, first, first + 11, 0),
        Placement(nurse.pk, Lane.WATCH, 1, first + 11, first + 23, 2),
    )
    holds.write([ToHold(placements, appointment=mine.pk)])
    holds.free_from(appointment=mine, cell=first + 20)
    assert set(Hold.objects.values_list("resource", "end_cell")) == {
        (chair.pk, first + 20),
        (nurse.pk, first + 11),
        (nurse.pk, first + 20),
    }
    VisitRecord.objects.create(appointment=mine, arrived_at=NOW)
    holds.free_from(appointment=mine, cell=first + 11)
    assert set(Hold.objects.values_list("resource", "end_cell")) == {(chair.pk, first + 13), (nurse.pk, first + 11)}
    holds.free_from(appointment=mine, cell=first)
    assert not Hold.objects.exists()
