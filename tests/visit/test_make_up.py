"""A lost infusion is planned anew, once, at a distance from the others."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, NotAllowed, Refused
from clinic.permissions import Role
from patients.models import Clearance
from scheduling.actions.make_up import make_up
from scheduling.actions.visit import record_no_show
from scheduling.models import Appointment, Hold, Message, Ride
from scheduling.selectors.make_up import is_missing, make_up_slots
from tests.factories import NOW, Clinic, make_patient, make_staff
from tests.visit.doctors import sign_in, text_of
from tests.visit.worlds import make_given, make_series, make_visit

#: The Thursday after NOW, 09:00 in Albany: three days after the lost infusion, one after the next.
THURSDAY = NOW + timedelta(days=3)
FRIDAY = NOW + timedelta(days=4)


@pytest.fixture
def lost(clinic: Clinic) -> Appointment:
    """Three given, the fourth lost today, the fifth on Wednesday."""
    patient = make_patient(clinic.site, cleared=True, consented=True)
    series = make_series(clinic, patient, sessions=5)
    for number in range(1, 4):
        make_given(clinic, series, number, NOW - timedelta(days=12 - 3 * number))
    make_visit(clinic, patient=patient, series=series, number=5, starts=NOW + timedelta(days=2))
    visit = make_visit(clinic, patient=patient, series=series, number=4)
    record_no_show(by=clinic.by(Role.FRONT_DESK), appointment=visit)
    visit.refresh_from_db()
    return visit


def _book(clinic: Clinic, lost: Appointment, starts: datetime = FRIDAY, **fields: Any) -> Appointment:
    values: dict[str, Any] = {"by": clinic.by(Role.FRONT_DESK), "key": uuid4()} | fields
    return make_up(appointment=lost, starts=starts, **values)


def test_the_new_infusion_takes_the_lost_ones_place_with_chair_and_nurse_and_tells_the_patient_once(
    clinic: Clinic, lost: Appointment
) -> None:
    visit = _book(clinic, lost)
    lost.refresh_from_db()
    assert (visit.series, visit.number, visit.starts, visit.status) == (lost.series, 4, FRIDAY, "booked")
    assert lost.status == Appointment.Status.NOSHOW
    assert {hold.resource.kind for hold in Hold.objects.filter(appointment=visit)} == {"recliner", "staff"}
    assert Ride.objects.get(appointment=visit).status == Ride.Status.NEEDED
    assert Message.objects.filter(kind=Message.Kind.BOOSTERS_CHANGED).count() == 1


def test_a_double_click_books_one(clinic: Clinic, lost: Appointment) -> None:
    key = uuid4()
    assert _book(clinic, lost, key=key) == _book(clinic, lost, key=key)
    assert Appointment.objects.filter(number=4, status="booked").count() == 1


def test_what_is_made_up_is_not_missing_any_more(clinic: Clinic, lost: Appointment) -> None:
    assert is_missing(lost)
    _book(clinic, lost)
    assert not is_missing(lost)
    with pytest.raises(Refused, match="is missing any more"):
        _book(clinic, lost, FRIDAY + timedelta(days=7))


def test_two_lost_infusions_are_made_up_from_the_page_of_either(clinic: Clinic, lost: Appointment) -> None:
    fifth = Appointment.objects.get(number=5)
    with clock.at_moment(fifth.starts):
        record_no_show(by=clinic.by(Role.FRONT_DESK), appointment=fifth)
        numbers = {_book(clinic, lost).number, _book(clinic, lost, FRIDAY + timedelta(days=7)).number}
    assert numbers == {4, 5}


def test_an_infusion_too_near_another_is_refused(clinic: Clinic, lost: Appointment) -> None:
    with pytest.raises(Refused, match="at least 2 days must lie between"):
        _book(clinic, lost, THURSDAY)


def test_an_infusion_beyond_the_clearance_is_refused(clinic: Clinic, lost: Appointment) -> None:
    Clearance.objects.update(valid_until=clock.local(THURSDAY, clinic.site.zone).date())
    with pytest.raises(Refused, match="clearance does not reach"):
        _book(clinic, lost)


def test_a_time_without_a_free_nurse_is_just_taken_and_nothing_is_booked(clinic: Clinic, lost: Appointment) -> None:
    for nurse in clinic.nurses:
        nurse.shifts.all().delete()
    with pytest.raises(JustTaken):
        _book(clinic, lost)
    assert not Appointment.objects.filter(starts=FRIDAY).exists()


def test_a_time_that_has_passed_or_when_the_site_is_closed_is_refused(clinic: Clinic, lost: Appointment) -> None:
    with pytest.raises(Refused, match="in the past"):
        _book(clinic, lost, NOW - timedelta(hours=1))
    with pytest.raises(Refused, match="closed"):
        _book(clinic, lost, NOW + timedelta(days=5))


def test_the_nurse_at_the_chair_plans_it_anew_and_somebody_without_a_role_does_not(
    clinic: Clinic, lost: Appointment
) -> None:
    nobody = make_staff(clinic.site, "Olly Newman").user
    assert nobody is not None
    with pytest.raises(NotAllowed):
        _book(clinic, lost, by=Actor.of(nobody))
    assert _book(clinic, lost, by=clinic.by(Role.NURSE)).number == lost.number


def test_an_infusion_that_was_given_or_a_consult_is_not_missing(clinic: Clinic, lost: Appointment) -> None:
    given = Appointment.objects.get(number=1)
    assert not is_missing(given)


def test_the_times_shown_keep_their_distance_and_can_all_be_booked(clinic: Clinic, lost: Appointment) -> None:
    slots = make_up_slots(lost=lost, first_day=clock.today(clinic.site.zone), days=7, now=NOW)
    days = {clock.local(slot.starts, clinic.site.zone).date().isoformat() for slot in slots}
    assert days == {"2027-04-05", "2027-04-09"}
    assert _book(clinic, lost, slots[-1].starts).starts == slots[-1].starts


def test_the_desk_plans_a_lost_infusion_anew_from_the_visits_page(clinic: Clinic, lost: Appointment) -> None:
    desk = sign_in(clinic, Role.FRONT_DESK)
    url = reverse("nurse:make_up", args=[lost.pk])
    assert url in text_of(desk.get(reverse("nurse:visit", args=[lost.pk])))
    page = desk.get(url)
    value = next(
        slot.starts.isoformat() for _day, slots in page.context["days"] for slot in slots if slot.starts == FRIDAY
    )
    response = desk.post(url, {"starts": value, "key": page.context["key"]}, follow=True)
    assert "Friday, April 9, 2027" in text_of(response)
    assert Appointment.objects.filter(starts=FRIDAY, status="booked").exists()
    assert "No visit of this series is missing" in text_of(desk.get(url))


@pytest.mark.parametrize(
    ("data", "sentence"), [({}, "Choose one of the times"), ({"starts": "soon"}, "could not be read")]
)
def test_a_time_that_is_none_is_refused_in_words(
    clinic: Clinic, lost: Appointment, data: dict[str, str], sentence: str
) -> None:
    response = sign_in(clinic, Role.FRONT_DESK).post(
        reverse("nurse:make_up", args=[lost.pk]), data | {"key": str(uuid4())}
    )
    assert response.status_code == 422
    assert sentence in text_of(response)


@pytest.fixture
def lost_booster(clinic: Clinic) -> Appointment:
    """The second booster of a course was missed today; the third is in three weeks."""
    patient = make_patient(clinic.site, cleared=True, consented=True)
    series = make_series(clinic, patient, stage="maintenance")
    make_given(clinic, series, 1, NOW - timedelta(days=21), kind="booster")
    values: dict[str, Any] = {"patient": patient, "series": series, "kind": "booster"}
    make_visit(clinic, **values, number=3, starts=NOW + timedelta(days=21))
    visit = make_visit(clinic, **values, number=2)
    record_no_show(by=clinic.by(Role.FRONT_DESK), appointment=visit)
    visit.refresh_from_db()
    return visit


def test_a_lost_booster_is_made_up_with_one_click_from_its_page_and_the_others_keep_their_dates(
    clinic: Clinic, lost_booster: Appointment
) -> None:
    nurse = sign_in(clinic, Role.NURSE)
    page = nurse.get(reverse("nurse:visit", args=[lost_booster.pk])).content.decode()
    assert "Booster in its place, with one click" in page
    starts = page.split('name="starts" value="')[1].split('"')[0]
    key = page.split('name="key" value="')[1].split('"')[0]

    for _ in range(2):
        done = nurse.post(reverse("nurse:make_up", args=[lost_booster.pk]), {"starts": starts, "key": key})
        assert done.status_code == 302, text_of(done)

    standing = Appointment.objects.filter(series=lost_booster.series, status="booked").order_by("number")
    assert [(one.number, one.kind) for one in standing] == [(2, "booster"), (3, "booster")]
    made = standing[0]
    assert made.starts == datetime.fromisoformat(starts)
    assert made.starts.astimezone(clinic.site.zone).hour == 9, "the hour of the one that was lost"
    assert standing[1].starts == NOW + timedelta(days=21)
    assert "with one click" not in nurse.get(reverse("nurse:visit", args=[lost_booster.pk])).content.decode()


def test_after_the_course_has_ended_no_booster_is_missing(clinic: Clinic, lost_booster: Appointment) -> None:
    assert lost_booster.series is not None
    assert is_missing(lost_booster)
    lost_booster.series.status = "completed"
    assert not is_missing(lost_booster)
