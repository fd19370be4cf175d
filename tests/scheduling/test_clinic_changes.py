"""Changing the clinic strands nobody: a planned change that would is refused, and names whom."""

from datetime import date, timedelta

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.models import Closure, Shift
from clinic.permissions import Role
from scheduling.actions import clinic_changes
from scheduling.models import PhaseNeed
from tests.factories import FIRST_DAY, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, consult

pytestmark = pytest.mark.django_db


def shift_of(clinic: Clinic, number: int = 0, weekday: int = FIRST_DAY.weekday()) -> Shift:
    """One weekly shift of a nurse."""
    return Shift.objects.get(staff_member=clinic.nurses[number], weekday=weekday)


def test_a_shift_that_covers_a_visit_is_kept_and_the_visit_named() -> None:
    clinic = make_clinic(nurses=1)
    patient = make_patient(clinic.site, cleared=True, given_name="Ada", family_name="Quill")
    book(clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    with pytest.raises(
        Refused,
        match=r"1 booked visit would lose its cover: Ada Quill \(record \d+\), Tuesday, April 6, 2027 at 9 a.m.",
    ):
        clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift_of(clinic))
    assert shift_of(clinic).valid_until is None


def test_a_shift_that_covers_nothing_ends_and_stays_on_record() -> None:
    clinic = make_clinic(nurses=1)
    book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift_of(clinic, weekday=4))
    assert shift_of(clinic, weekday=4).valid_until == clock.today(clinic.site.zone) - timedelta(days=1)


def test_a_shift_may_end_after_its_last_visit() -> None:
    clinic = make_clinic(nurses=1)
    book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift_of(clinic), last_day=FIRST_DAY)
    assert shift_of(clinic).valid_until == FIRST_DAY


def test_a_shift_that_has_not_begun_is_deleted() -> None:
    clinic = make_clinic()
    shift = shift_of(clinic)
    Shift.objects.filter(pk=shift.pk).update(valid_from=FIRST_DAY + timedelta(days=90))
    shift.refresh_from_db()
    clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift)
    assert not Shift.objects.filter(pk=shift.pk).exists()


def test_a_site_with_visits_is_not_closed_over_them() -> None:
    clinic = make_clinic()
    consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9))
    with pytest.raises(Refused, match="would lose its cover"):
        clinic_changes.add_closure(
            by=clinic.by(Role.MANAGER),
            site=clinic.site,
            starts=clinic.at(FIRST_DAY, 9, 30),
            ends=clinic.at(FIRST_DAY, 12),
        )
    assert not Closure.objects.exists()
    closure = clinic_changes.add_closure(
        by=clinic.by(Role.MANAGER), site=clinic.site, starts=clinic.at(FIRST_DAY, 12), ends=clinic.at(FIRST_DAY, 18)
    )
    assert closure.site == clinic.site


def test_a_chair_or_a_person_with_visits_is_not_taken_out() -> None:
    clinic = make_clinic(chairs=1, nurses=1)
    book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    for resource in (clinic.chairs[0], clinic.nurses[0].resource):
        with pytest.raises(Refused, match="would lose its cover"):
            clinic_changes.add_closure(
                by=clinic.by(Role.MANAGER),
                resource=resource,
                starts=clinic.at(FIRST_DAY, 8),
                ends=clinic.at(FIRST_DAY, 18),
            )


def test_a_doctor_who_must_only_be_on_site_counts_too() -> None:
    clinic = make_clinic()
    phase = clinic.injection.phases.get(position=1)
    PhaseNeed.objects.create(phase=phase, kind="doctor", lane="presence")
    book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    shift = Shift.objects.get(staff_member=clinic.doctor, weekday=FIRST_DAY.weekday())
    with pytest.raises(Refused, match="would lose its cover"):
        clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift)


def test_what_had_no_cover_before_does_not_stand_in_the_way() -> None:
    clinic = make_clinic(nurses=2)
    book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    Closure.objects.create(site=clinic.site, starts=clinic.at(FIRST_DAY, 8), ends=clinic.at(FIRST_DAY, 18))
    clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift_of(clinic, 1, weekday=3))
    assert shift_of(clinic, 1, weekday=3).valid_until is not None


def test_only_who_runs_the_clinic_changes_it() -> None:
    clinic = make_clinic()
    with pytest.raises(NotAllowed):
        clinic_changes.remove_shift(by=clinic.by(Role.FRONT_DESK), shift=shift_of(clinic))


def test_a_closure_that_makes_no_sense_is_refused() -> None:
    clinic = make_clinic()
    by, start = clinic.by(Role.MANAGER), clinic.at(date(2027, 4, 8), 9)
    with pytest.raises(Refused, match="ends after it starts"):
        clinic_changes.add_closure(by=by, site=clinic.site, starts=start, ends=start)
    with pytest.raises(Refused, match="either a site or one chair"):
        clinic_changes.add_closure(by=by, starts=start, ends=start + timedelta(hours=1))
