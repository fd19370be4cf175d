"""Booking a series on one page: looking, booking, refusing in words, and nothing booked twice."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.actions import decide_clearance
from patients.models import Patient
from scheduling.actions import series_writing
from scheduling.desk import signed_plans
from scheduling.models import Appointment, Hold, Offer, Series
from scheduling.planner.values import Wishes
from tests.desk.conftest import SignIn
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import keep


def best(clerk: Client, clinic: Clinic, patient: Patient) -> str:
    """The starts of the best plan, as its form carries them."""
    return values(clerk.get(series_url(patient), wishes(clinic)), "starts")[0]


def test_the_page_begins_with_today_and_plans_nothing_until_asked(clerk: Client, patient: Patient) -> None:
    page = clerk.get(series_url(patient))
    assert page.status_code == 200
    assert "The best plans appear here" in text(page)
    assert values(page, "first_day") == ["2027-04-05"]
    assert values(page, "starts") == []


def test_looking_shows_up_to_four_plans_each_date_with_its_reason_and_books_nothing(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    words = text(page)
    assert page.status_code == 200
    assert 2 <= len(values(page, "starts")) <= 4
    assert "Best plan" in words
    assert "The first possible day." in words
    assert "At the same hour as the visit before." in words
    assert Series.objects.count() == Appointment.objects.count() == Hold.objects.count() == 0


def test_a_plan_keeps_to_the_weekdays_and_hours_of_patient_and_driver(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    said = {
        "patient_days": ["0", "2", "4"],
        "patient_from": "10:00",
        "patient_until": "",
        "driver_days": ["0", "2", "4"],
    }
    page = clerk.get(series_url(patient), wishes(harbor, **said))
    for plan in values(page, "starts"):
        for moment in plan.split(","):
            local = clock.local(datetime.fromisoformat(moment), harbor.site.zone)
            assert local.weekday() in {0, 2, 4}
            assert local.hour >= 10


def test_booking_a_plan_books_all_six_with_chair_and_nurse(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    done = clerk.post(series_url(patient), order(harbor, best(clerk, harbor, patient)))
    assert (done.status_code, done["Location"]) == (302, reverse("desk:patient", args=[patient.pk]))
    series = Series.objects.get()
    visits = list(series.appointments.all())
    assert series.status == Series.Status.ACTIVE
    assert [visit.status for visit in visits] == [Appointment.Status.BOOKED] * 6
    for visit in visits:
        kinds = {hold.resource.kind for hold in visit.holds.select_related("resource")}
        assert kinds == {"recliner", "staff"}


def test_a_double_click_books_one_series(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    form = order(harbor, best(clerk, harbor, patient))
    first, second = clerk.post(series_url(patient), form), clerk.post(series_url(patient), form)
    assert first.status_code == second.status_code == 302
    assert Series.objects.count() == 1
    assert Appointment.objects.count() == 6


def test_two_tabs_with_the_same_plan_book_one_series_and_the_second_says_why(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    starts = best(clerk, harbor, patient)
    clerk.post(series_url(patient), order(harbor, starts))
    second = clerk.post(series_url(patient), order(harbor, starts))
    assert second.status_code in {409, 422}
    assert f"{patient.name} already has a visit" in text(second)
    assert "nothing was booked" in text(second)
    assert Series.objects.count() == 1


def test_a_taken_plan_shows_which_date_was_taken_and_the_next_best_with_what_was_typed(
    clerk: Client, patient: Patient, db: None
) -> None:
    small = make_clinic(name="Mesa", chairs=1, nurses=1)
    patient.sites.add(small.site)
    user = small.by(Role.FRONT_DESK).user
    assert user is not None
    clerk.force_login(user)
    starts = best(clerk, small, patient)
    other = make_patient(small.site, cleared=True, consented=True)
    clerk.post(series_url(other), order(small, starts))
    page = clerk.post(series_url(patient), order(small, starts, not_dates="2027-05-03"))
    words = text(page)
    assert page.status_code == 409
    assert "Tuesday, April 6, 2027 at 9 a.m." in words
    assert "has just been taken" in words
    assert "The next best plans" in words
    assert values(page, "starts")[0] != starts
    assert values(page, "not_dates")[0] == "2027-05-03"
    assert values(page, "patient_from")[0] == "09:00"
    assert Series.objects.filter(patient=patient).count() == 0
    again = clerk.post(series_url(patient), order(small, values(page, "starts")[0]))
    assert again.status_code == 302


def test_an_uncleared_patient_gets_a_series_held_and_the_page_says_so(clerk: Client, harbor: Clinic) -> None:
    new = make_patient(harbor.site)
    page = clerk.get(series_url(new), wishes(harbor))
    assert f"No doctor has cleared {new.name} for these dates yet" in text(page)
    assert "Hold all 6" in text(page)
    clerk.post(series_url(new), order(harbor, values(page, "starts")[0]))
    assert Series.objects.get().status == Series.Status.DRAFT


@pytest.mark.parametrize("decision", ["refused", "suspended"])
def test_who_was_refused_or_suspended_is_said_to_be_so_before_anything_is_planned(
    clerk: Client, harbor: Clinic, patient: Patient, decision: str
) -> None:
    assert values(clerk.get(series_url(patient), wishes(harbor)), "starts"), "the control: cleared, there are plans"
    with clock.at_moment(NOW + timedelta(minutes=1)):
        decide_clearance(by=harbor.by(Role.DOCTOR), patient=patient, decision=decision, reason="Heart disease")
        page = clerk.get(series_url(patient), wishes(harbor))
    assert f"A doctor has decided “{decision}” for {patient.name}. Nothing can be booked or held" in text(page)
    assert values(page, "starts") == []
    assert "can be held for" not in text(page)
    assert "Heart disease" not in text(page), "the reason is clinical"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"first_day": "2027-04-04"}, "Sunday, April 4, 2027 is in the past. Choose today or a later day."),
        ({"first_day": "2027-02-30"}, "That is not a date."),
        ({"first_day": "soon"}, "That is not a date."),
        ({"first_day": "2031-01-01"}, "is more than a year away"),
        ({"not_dates": "2027-04-09, 9th May"}, "“9th May” is not a date. Write each as 4/9/2027"),
        (
            {"patient_from": "12:00", "patient_until": "09:00"},
            "The patient's hours end at 9 a.m., before they begin",
        ),
        ({"patient_days": ["5", "6"]}, "Harbor is closed on these weekdays. Tick at least one other."),
        ({"driver_from": "late"}, "That is not a time. Write it as 09:30."),
    ],
)
def test_bad_input_gets_a_sentence_and_what_was_typed_is_kept(
    clerk: Client, harbor: Clinic, patient: Patient, typed: dict[str, str], sentence: str
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor, **typed))
    assert sentence in text(page)
    assert "What you typed is kept" in text(page)
    posted = clerk.post(series_url(patient), order(harbor, "2027-04-06T13:00:00+00:00") | typed)
    assert posted.status_code == 422
    assert sentence in text(posted)
    assert Series.objects.count() == 0


def test_no_plan_at_all_says_what_to_change(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(series_url(patient), wishes(harbor, patient_days=["1"]))
    words = text(page)
    assert "No plan fits" in words
    assert "Nothing was booked. Change what is wished above" in words
    assert "the patient's hours" in words


def test_a_choice_made_by_hand_outside_opening_hours_is_refused(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    starts = best(clerk, harbor, patient).split(",")
    late = datetime.fromisoformat(starts[0]) + timedelta(hours=8)
    page = clerk.post(series_url(patient), order(harbor, ",".join([late.isoformat(), *starts[1:]])))
    assert page.status_code == 422
    assert "would not lie within the opening hours of Harbor" in text(page)
    assert Appointment.objects.count() == 0


def test_an_unreadable_choice_is_refused_in_words(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.post(series_url(patient), order(harbor, "tomorrow at nine"))
    assert page.status_code == 422
    assert "The choice could not be read. Choose again; nothing was booked." in text(page)


def test_only_the_plans_are_sent_to_a_page_that_asks_by_htmx(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    part = clerk.get(series_url(patient), wishes(harbor), headers={"HX-Request": "true"})
    assert part.content.lstrip().startswith(b'<div id="booking"')
    assert values(part, "starts")


def test_a_nurse_may_not_book(signed_in: SignIn, patient: Patient) -> None:
    assert signed_in(Role.NURSE).get(series_url(patient)).status_code == 403


def test_a_patient_of_another_site_is_not_found(clerk: Client) -> None:
    stranger = make_patient(make_clinic(name="Mesa").site)
    assert clerk.get(series_url(stranger)).status_code == 404


def test_a_kept_plan_can_be_booked_later(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    starts = best(clerk, harbor, patient)
    kept = clerk.post(series_url(patient), order(harbor, starts) | {"do": "keep", "hours": "24"})
    offer = Offer.objects.get()
    assert kept["Location"] == reverse("desk:offer", args=[offer.pk])
    page = clerk.get(kept["Location"])
    assert "Book these dates" in text(page)
    done = clerk.post(kept["Location"], {"key": values(page, "key")[0]})
    assert done.status_code == 302
    series = Series.objects.get()
    assert ",".join(one.starts.isoformat() for one in series.appointments.all()) == starts


def test_a_lapsed_plan_is_refused_and_planned_again_with_everything_filled_in(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    starts = [datetime.fromisoformat(one) for one in _mwf(clerk, harbor, patient)]
    wishes = Wishes(patient_can={0: ((600, 1440),), 2: ((600, 1440),), 4: ((600, 1440),)})
    offer = keep(harbor, patient, starts, hours=4, wishes=wishes)
    with clock.at_moment(NOW + timedelta(hours=5)):
        page = clerk.post(reverse("desk:offer", args=[offer.pk]), {"key": str(uuid4())})
        assert page.status_code == 422
        assert "This offer has lapsed" in text(page)
        again = page.context["again"]
        fresh = clerk.get(again)
    assert "patient_days=0&patient_days=2&patient_days=4" in again
    assert values(fresh, "patient_from")[0] == "10:00"
    assert values(fresh, "starts")
    assert Series.objects.count() == 0


def _mwf(clerk: Client, clinic: Clinic, patient: Patient) -> list[str]:
    said = wishes(clinic, patient_days=["0", "2", "4"], patient_from="10:00", patient_until="")
    return values(clerk.get(series_url(patient), said), "starts")[0].split(",")


def test_giving_a_kept_plan_back_frees_its_time(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    clerk.post(series_url(patient), order(harbor, best(clerk, harbor, patient)) | {"do": "keep", "hours": "4"})
    offer = Offer.objects.get()
    clerk.post(reverse("desk:decline_offer", args=[offer.pk]))
    offer.refresh_from_db()
    assert offer.status == Offer.Status.DECLINED
    assert Hold.objects.count() == 0


def test_giving_back_a_held_series_needs_a_reason(clerk: Client, harbor: Clinic) -> None:
    new = make_patient(harbor.site)
    clerk.post(series_url(new), order(harbor, best(clerk, harbor, new)))
    series = Series.objects.get()
    url = reverse("desk:stop_series", args=[series.pk])
    assert "Give the dates back" in text(clerk.get(url))
    empty = clerk.post(url, {"reason": ""})
    assert empty.status_code == 422
    assert "Say why" in text(empty)
    clerk.post(url, {"reason": "The patient goes elsewhere."})
    series.refresh_from_db()
    assert series.status == Series.Status.REVOKED


def test_stopping_a_series_cancels_what_is_to_come(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    clerk.post(series_url(patient), order(harbor, best(clerk, harbor, patient)))
    series = Series.objects.get()
    clerk.post(reverse("desk:stop_series", args=[series.pk]), {"reason": "No benefit felt."})
    assert {visit.status for visit in series.appointments.all()} == {Appointment.Status.CANCELLED}
    assert Hold.objects.count() == 0
    twice = clerk.post(reverse("desk:stop_series", args=[series.pk]), {"reason": "No benefit felt."})
    assert twice.status_code == 422
    assert "already" in text(twice)


def test_the_reasons_kept_are_those_that_the_page_showed_and_nothing_is_searched_again(
    clerk: Client, harbor: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    starts, why = values(page, "starts")[0], values(page, "why")[0]
    monkeypatch.setattr(series_writing, "search_series", _never)
    done = clerk.post(series_url(patient), order(harbor, starts) | {"why": why})
    assert done.status_code == 302
    codes = {reason["code"] for visit in Appointment.objects.all() for reason in visit.plan_reasons}
    assert {"first_possible_day", "same_hour"} <= codes
    assert Series.objects.get().plan_terms


def test_without_what_the_page_signed_the_planner_is_asked_again(
    clerk: Client, harbor: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = best(clerk, harbor, patient)
    monkeypatch.setattr(series_writing, "search_series", _never)
    with pytest.raises(AssertionError, match="searched again"):
        clerk.post(series_url(patient), order(harbor, starts))


@pytest.mark.parametrize("forged", ["", "no signature at all", "of another patient", "of another plan"])
def test_reasons_that_were_not_signed_for_this_plan_are_not_believed(
    clerk: Client, harbor: Clinic, patient: Patient, forged: str
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    starts = values(page, "starts")[0]
    other = clerk.get(series_url(make_patient(harbor.site, cleared=True)), wishes(harbor))
    why = {"of another patient": values(other, "why")[0], "of another plan": values(page, "why")[1]}.get(forged, forged)
    assert clerk.post(series_url(patient), order(harbor, starts) | {"why": why}).status_code == 302
    first = Appointment.objects.order_by("starts")[0]
    assert "first_possible_day" in {reason["code"] for reason in first.plan_reasons}
    assert signed_plans.read(why, [first.starts], patient, harbor.induction) is None


def _never(*_args: object, **_given: object) -> None:
    raise AssertionError("searched again")
