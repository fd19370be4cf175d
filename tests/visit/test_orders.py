"""What a doctor orders and what is given beside it: compared as written, never computed, and each dose with the order
of its time.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from clinic.errors import Refused
from clinic.permissions import Role
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_notes import record_dose
from scheduling.actions.visit_questions import write_order
from scheduling.models import Appointment, Dose, VisitRecord
from scheduling.nurse.chair_page import ChairPage
from scheduling.selectors.at_the_chair import order_for
from tests.factories import NOW
from tests.visit.conftest import Ward
from tests.visit.worlds import later, make_visit, name_ride


@pytest.fixture
def running(ward: Ward) -> Ward:
    """The drip runs."""
    by = ward.clinic.by(Role.NURSE)
    name_ride(ward.visit, ward.companion)
    arrive(by=by, appointment=ward.visit)
    start(by=by, appointment=ward.visit)
    ward.visit.refresh_from_db()
    return ward


@pytest.fixture
def ordered(running: Ward) -> Ward:
    """A doctor has ordered 35 to 40 mg for the series."""
    order(running, whole_series=True)
    return running


def order(ward: Ward, *, whole_series: bool, **fields: Any) -> None:
    values: dict[str, Any] = {
        "drug": "Ketamine",
        "route": "iv",
        "least": Decimal(35),
        "most": Decimal(40),
        "unit": "mg",
        "others": "ondansetron 4 mg by mouth",
    }
    write_order(by=ward.clinic.by(Role.DOCTOR), appointment=ward.visit, whole_series=whole_series, **(values | fields))


def give(ward: Ward, **fields: Any) -> Dose:
    values: dict[str, Any] = {"drug": "ketamine", "amount": Decimal("37.5"), "unit": "mg", "route": "iv"}
    return record_dose(by=ward.clinic.by(Role.NURSE), appointment=ward.visit, **(values | fields))


@pytest.mark.parametrize(
    ("given", "marks"),
    [
        ({}, []),
        ({"amount": Decimal(35)}, []),
        ({"amount": Decimal(40)}, []),
        ({"amount": Decimal("34.9")}, ["below"]),
        ({"amount": Decimal("40.1")}, ["above"]),
        ({"unit": "mg/kg", "amount": Decimal("0.5")}, ["unit"]),
        ({"route": "im", "amount": Decimal(60)}, ["route", "above"]),
        ({"drug": "esketamine"}, ["drug"]),
        ({"is_treatment": False, "drug": "Ondansetron", "amount": Decimal(4), "route": "oral"}, []),
        ({"is_treatment": False, "drug": "Midazolam", "amount": Decimal(1)}, ["other"]),
        # A part of a word that was ordered is another medicine.
        ({"is_treatment": False, "drug": "dans", "amount": Decimal(4), "route": "oral"}, ["other"]),
    ],
)
def test_what_was_given_outside_of_the_order_is_kept_and_marked(
    ordered: Ward, given: dict[str, Any], marks: list[str]
) -> None:
    assert give(ordered, **given).marks == marks


@pytest.mark.parametrize(
    ("rate", "marks"),
    [
        ("over 40 minutes", []),
        ("Over 40  minutes", []),
        ("over 20 minutes", ["rate"]),
        ("60 mL/h", ["rate"]),
        ("", ["no_rate"]),
    ],
)
def test_the_rate_is_held_beside_the_one_that_was_ordered_as_written(
    running: Ward, rate: str, marks: list[str]
) -> None:
    order(running, whole_series=True, rate="over 40 minutes")
    assert give(running, rate=rate).marks == marks
    assert give(running, is_treatment=False, drug="ondansetron", rate=rate).marks == []


def test_an_order_without_a_rate_leaves_the_rate_to_the_nurse(ordered: Ward) -> None:
    assert give(ordered, rate="over 40 minutes").marks == []


def test_a_dose_without_an_order_is_kept_and_marked(running: Ward) -> None:
    assert give(running).marks == ["no_order"]


def test_the_order_of_the_visit_goes_before_that_of_the_series_and_the_newest_counts(ordered: Ward) -> None:
    order(ordered, whole_series=False, least=Decimal(20), most=Decimal(25))
    with later(1):
        order(ordered, whole_series=True, least=Decimal(50), most=Decimal(60))
        assert give(ordered, amount=Decimal(22)).marks == []
    with later(2):
        order(ordered, whole_series=False, least=Decimal(30), most=Decimal(30))
        assert give(ordered, amount=Decimal(22)).marks == ["below"]


def test_an_order_changed_after_the_start_leaves_what_was_given_with_the_one_before(ordered: Ward) -> None:
    given = give(ordered, amount=Decimal(37))
    with later(2):
        order(ordered, whole_series=True, least=Decimal(20), most=Decimal(25))
        given.refresh_from_db()
        assert given.marks == []
        assert given.order is not None
        assert (given.order.least, give(ordered, amount=Decimal(37)).marks) == (Decimal(35), ["above"])
    nurse = ordered.clinic.by(Role.NURSE).user
    assert nurse is not None
    (before, after) = ChairPage(ordered.visit, nurse).doses
    assert (before.other_order, after.other_order) == ("Ketamine 35 to 40 mg intravenous", "")


def test_beside_a_visit_that_is_over_stands_the_order_of_then(ordered: Ward) -> None:
    VisitRecord.objects.update(recovery_at=NOW + timedelta(minutes=50), ended_at=NOW + timedelta(minutes=90))
    with later(3000):
        order(ordered, whole_series=True, least=Decimal(20), most=Decimal(25))
        visit = Appointment.objects.get(pk=ordered.visit.pk)
        standing = order_for(visit)
        assert standing is not None
        assert standing.least == 35
        # One written for this very visit, after a word by telephone, is its own.
        order(ordered, whole_series=False, least=Decimal(30), most=Decimal(40))
        written = order_for(visit)
        assert written is not None
        assert written.least == 30


def test_an_order_needs_a_range_that_runs_upward(running: Ward) -> None:
    with pytest.raises(Refused, match="smaller dose to the larger"):
        order(running, whole_series=True, least=Decimal(40), most=Decimal(35))


def test_the_nurse_reads_the_order_of_a_visit_of_another_day(ordered: Ward) -> None:
    with later(1):
        order(ordered, whole_series=True, rate="over 40 minutes", note="Slowly, please")
    own: dict[str, Any] = {"patient": ordered.visit.patient, "series": ordered.visit.series, "number": 2}
    tomorrow = make_visit(ordered.clinic, starts=NOW + timedelta(days=1), **own)
    for role in (Role.NURSE, Role.DOCTOR):
        page = " ".join(
            ordered.signed_in(role).get(reverse("nurse:visit", args=[tomorrow.pk])).content.decode().split()
        )
        assert "35 to 40 mg</span></strong>, intravenous, over 40 minutes" in page
        assert "Slowly, please" in page
        assert ("Change the order" in page) == (role == Role.DOCTOR)
