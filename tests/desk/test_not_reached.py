"""Whose mail does not arrive is work for the desk only where mail would go to them."""

from datetime import date, timedelta

import pytest

from patients.models import Contact, Patient
from patients.selectors import guardian_of, is_minor, minors
from scheduling.selectors.not_reached import contacts_not_reached
from tests.factories import FIRST_DAY, NOW, Clinic, make_patient
from tests.portal.conftest import make_driver, make_visits


@pytest.mark.parametrize("fails", ["Ann Ray", "Ben Ray", "Abe Ray"])
def test_of_several_guardians_the_one_who_is_told_is_work_and_no_other(
    harbor: Clinic, patient: Patient, fails: str
) -> None:
    Patient.objects.filter(pk=patient.pk).update(birth_date=date(2015, 4, 5))
    make_visits(harbor, patient, (FIRST_DAY,))
    for name, email in (("Ben Ray", "ben@example.org"), ("Ann Ray", "ann@example.org"), ("Abe Ray", "")):
        make_driver(patient, name, email=email, phone="", may_decide=True)
    Contact.objects.filter(name=fails).update(email_failed_at=NOW)

    told = guardian_of(patient)

    assert told is not None
    assert told.name == "Ann Ray", "the first by name who can be reached"
    assert [one.name for one in contacts_not_reached([harbor.site], NOW)] == [fails] * (fails == told.name)


@pytest.mark.parametrize("on", [date(2027, 2, 28), date(2027, 3, 1), date(2028, 2, 29), date(2026, 2, 28)])
def test_minors_of_many_are_those_of_one(harbor: Clinic, on: date) -> None:
    born = [date(on.year - 18, 2, 26) + timedelta(days=number) for number in range(6)]
    people = [make_patient(harbor.site, birth_date=day) for day in born]

    assert set(Patient.objects.filter(minors(on))) == {one for one in people if is_minor(one, on)}
