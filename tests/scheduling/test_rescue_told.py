"""Who hears of a rescue hears of it once; and what was only held, and has lapsed, needs none."""

from datetime import timedelta

import pytest

from clinic import clock
from clinic.permissions import Role
from patients.models import Contact
from scheduling.actions import rides
from scheduling.models import Message, Series
from scheduling.selectors.rescue_plan import answers, without_cover
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, consult, visits_of
from tests.scheduling.test_rescue import TWICE_A_WEEK, agree, proposed, snow

pytestmark = pytest.mark.django_db


def test_a_patient_with_visits_of_several_kinds_hears_of_all_of_them_in_one_message() -> None:
    clinic = make_clinic()
    desk = clinic.by(Role.FRONT_DESK)
    patient = make_patient(clinic.site, cleared=True)
    course = visits_of(book(clinic, patient, [clinic.at(day, 9) for day in TWICE_A_WEEK]))
    talk = consult(clinic, patient, clinic.at(TWICE_A_WEEK[1], 14))
    ben = Contact.objects.create(
        patient=patient, name="Ben", email="ben@example.org", is_adult=True, may_drive=True, may_be_told=True
    )
    rides.name_companion(by=desk, appointments=course, companion=ben, confirmed=True)
    Message.objects.update(state="sent", sent_at=NOW)  # everybody knows the dates as they were
    snow(clinic, starts=clinic.at(TWICE_A_WEEK[1], 0), ends=clinic.at(TWICE_A_WEEK[2] + timedelta(days=1), 0))
    with clock.at_moment(NOW + timedelta(hours=1)):
        wanted = answers(proposed(clinic).cases)
        assert {course[1].pk, course[2].pk, talk.pk} <= {pk for pk, new in wanted.items() if new is not None}
        agree(clinic, wanted)
    news = Message.objects.filter(state="due", carried_by=None, created_at__gt=NOW).exclude(
        kind__in=["reminder", "prepare", "ride_missing", "today"]
    )
    assert news.filter(recipient="patient").count() == 1
    assert news.filter(contact=ben).count() == 1


def test_a_held_visit_whose_time_has_lapsed_is_not_on_the_list() -> None:
    clinic = make_clinic()
    series = booking_of_nobody_cleared(clinic)
    snow(clinic, TWICE_A_WEEK[-1])
    assert len(without_cover(clinic.site, NOW)) == 1
    assert series.held_until is not None
    assert without_cover(clinic.site, series.held_until) == []


def booking_of_nobody_cleared(clinic: Clinic) -> Series:
    """Six infusions held for a patient whom no doctor has cleared."""
    return book(clinic, make_patient(clinic.site), [clinic.at(day, 9) for day in TWICE_A_WEEK])


def test_a_held_series_that_moves_is_told_once_too() -> None:
    clinic = make_clinic()
    patient = booking_of_nobody_cleared(clinic).patient
    Message.objects.update(state="sent", sent_at=NOW)
    snow(clinic, starts=clinic.at(TWICE_A_WEEK[1], 0), ends=clinic.at(TWICE_A_WEEK[2] + timedelta(days=1), 0))
    with clock.at_moment(NOW + timedelta(hours=1)):
        agree(clinic, answers(proposed(clinic).cases))
    news = Message.objects.filter(patient=patient, state="due", carried_by=None, kind__in=["moved", "boosters_changed"])
    assert news.count() == 1
