"""The count of holds that share a unit and a cell, which the benchmark's clerks must leave at nothing."""

import pytest

from clinic import clock
from scheduling.bench.clerks import overlapping_holds
from scheduling.models import Hold
from tests.factories import FIRST_DAY, NOW, make_clinic, make_patient
from tests.scheduling.helpers import book


@pytest.mark.django_db
def test_booked_visits_overlap_nowhere() -> None:
    with clock.at_moment(NOW):
        clinic = make_clinic()
        for _ in range(2):
            book(clinic, make_patient(clinic.site), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
        assert Hold.objects.count() >= 6
        assert overlapping_holds() == 0
