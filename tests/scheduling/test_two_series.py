"""Two series of one patient, the number of dates in a series, and a consult from afar."""

from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from clinic import clock, locks
from clinic.errors import JustTaken, Refused
from clinic.models import Closure
from scheduling.models import Appointment, Hold, PhaseNeed, Series
from scheduling.planner.values import Wishes
from scheduling.selectors import planning
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import at_once, best_starts, book, consult, visits_of, wall

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 5])
def test_a_series_with_another_number_of_dates_than_its_protocol_is_refused(count: int) -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)[:count]
    with pytest.raises(Refused, match=f"is a series of 6; {count} dates were sent"):
        book(clinic, patient, starts)
    assert not Series.objects.exists()


def test_a_second_series_is_planned_at_the_larger_gap_from_the_first() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    taken = [wall(visit)[0] for visit in visits_of(book(clinic, patient))]
    assert clinic.injection.min_gap_days < clinic.induction.min_gap_days
    plans = planning.plan_series(
        site=clinic.site, version=clinic.injection, wishes=Wishes(), first_day=FIRST_DAY, patient=patient, now=NOW
    ).plans
    for plan in plans:
        assert all(abs((plan.visits[0].date - day).days) >= clinic.induction.min_gap_days for day in taken)


def test_a_spacing_that_a_doctor_widened_binds_the_other_series_too() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    series = book(clinic, patient)
    last = wall(visits_of(series)[-1])[0]
    Series.objects.filter(pk=series.pk).update(min_gap_days=4, ideal_gap_days=5, max_gap_days=7)
    with pytest.raises(Refused, match="at least 4 days must lie between"):
        book(clinic, patient, [clinic.at(last + timedelta(days=3), 15)], version=clinic.injection)


def race_of_two_injections(clinic: Clinic) -> list[Any]:
    """Two clerks book the same patient an infusion each, on neighbouring days, at the same moment."""
    clinic.injection.min_gap_days = clinic.injection.max_gap_days = clinic.injection.window_days = 2
    clinic.injection.ideal_gap_days = 2
    clinic.injection.save()
    patient = make_patient(clinic.site, cleared=True)
    days = (FIRST_DAY, FIRST_DAY + timedelta(days=1))
    return at_once(
        [lambda day=day: book(clinic, patient, [clinic.at(day, 9)], version=clinic.injection) for day in days]  # type: ignore[misc]
    )


@pytest.mark.django_db(transaction=True)
def test_the_gap_between_two_series_holds_when_both_are_booked_at_once() -> None:
    results = race_of_two_injections(make_clinic())
    assert sorted(type(one).__name__ for one in results) == ["Refused", "Series"]
    assert Appointment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_patients_lock_the_gap_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(2)
    monkeypatch.setattr(locks, "take", lambda wanted: together.wait(timeout=30))
    results = race_of_two_injections(make_clinic())
    assert [type(one).__name__ for one in results] == ["Series", "Series"]


def test_a_consult_from_afar_takes_the_doctor_and_no_chair() -> None:
    clinic = make_clinic(chairs=1)
    PhaseNeed.objects.create(phase=clinic.consult.phases.get(), kind="chair", lane="whole")
    clinic.consult.chair_kinds = ["recliner"]
    clinic.consult.save()
    nine = clinic.at(FIRST_DAY, 9)
    Closure.objects.create(resource=clinic.chairs[0], starts=nine, ends=nine + timedelta(hours=3))
    with pytest.raises(JustTaken):
        consult(clinic, make_patient(clinic.site), nine)
    remote = consult(clinic, make_patient(clinic.site), nine, mode=Appointment.Mode.VIDEO)
    assert set(Hold.objects.filter(appointment=remote).values_list("resource_id", flat=True)) == {
        clinic.doctor.resource_id
    }
    assert clock.cell(nine) in set(Hold.objects.values_list("start_cell", flat=True))
