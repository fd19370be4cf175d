"""Working on a plan before it is booked: one date swapped, dates fixed, words read, and what was taken meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from patients.models import Patient
from scheduling.actions import offers
from scheduling.desk.booking_wishes import moments
from scheduling.models import Appointment, Offer
from scheduling.planner.values import Wishes
from scheduling.when import time_words
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import FIRST_DAY, Clinic, make_patient
from tests.scheduling.helpers import book


def loose(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """Wishes that leave room: any hour."""
    return wishes(clinic) | {"patient_from": "", "patient_until": ""} | changes


def plan(clerk: Client, clinic: Clinic, patient: Patient, number: int = 0) -> str:
    """The starts of one of the plans shown."""
    return values(clerk.get(series_url(patient), loose(clinic)), "starts")[number]


def swapped(clerk: Client, clinic: Clinic, patient: Patient, number: int, **changes: Any) -> tuple[Any, str, str]:
    """The page after one date of the best plan was swapped: (page, old starts, new starts)."""
    old = plan(clerk, clinic, patient)
    panel = clerk.get(series_url(patient), loose(clinic, plan=old, swap=str(number), **changes))
    to = values(panel, "to")[0]
    page = clerk.get(series_url(patient), loose(clinic, plan=old, swap=str(number), to=to, **changes))
    return page, old, values(page, "starts")[0]


def test_the_other_dates_of_one_visit_are_shown_with_who_else_moves(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    old = plan(clerk, harbor, patient)

    page = clerk.get(series_url(patient), loose(harbor, plan=old, swap="3"))

    said = text(page)
    assert "Another date for visit 3" in said
    assert "The other visits stay" in said
    assert "move along" in said
    assert values(page, "starts")[0] == old, "the plan that is worked on comes first"


def test_swapping_one_date_changes_that_one_and_fixes_it(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page, old, new = swapped(clerk, harbor, patient, 3)

    before, after = moments(old), moments(new)
    assert [number for number in range(6) if before[number] != after[number]] == [2]
    assert values(page, "fixed")[0] == f"3@{after[2].isoformat()}"
    said = text(page)
    assert "Swapped, was" in said
    assert "Beside the best:" in said, "the cost is shown anew"


def test_the_plan_with_the_swapped_date_is_booked_and_the_date_stays_fixed(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    page, _old, new = swapped(clerk, harbor, patient, 3)
    form = loose(harbor) | {"starts": new, "key": str(uuid4()), "do": "book"}

    done = clerk.post(series_url(patient), form | {"fixed": values(page, "fixed")[0], "why": values(page, "why")[0]})

    assert done.status_code == 302
    visits = list(Appointment.objects.order_by("starts"))
    assert [visit.starts for visit in visits] == moments(new)
    assert [visit.pinned for visit in visits] == [False, False, True, False, False, False]
    assert visits[2].plan_reasons[0]["code"] == "pinned"
    assert visits[0].plan_reasons[0]["code"] != "pinned"


def test_a_kept_plan_keeps_what_was_fixed(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page, _old, new = swapped(clerk, harbor, patient, 3)
    form = loose(harbor) | {"starts": new, "key": str(uuid4()), "do": "keep", "hours": "4"}
    clerk.post(series_url(patient), form | {"fixed": values(page, "fixed")[0]})
    offer = Offer.objects.get()

    clerk.post(f"/book/kept/{offer.pk}/", {"key": str(uuid4())})

    assert list(Appointment.objects.filter(pinned=True).values_list("starts", flat=True)) == [moments(new)[2]]


def test_a_fixed_date_is_in_every_plan(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    start = clock.moment(
        FIRST_DAY + timedelta(days=2), clock.local(harbor.at(FIRST_DAY, 14), harbor.site.zone).time(), harbor.site.zone
    )

    page = clerk.get(series_url(patient), loose(harbor, fixed=f"2@{start.isoformat()}"))

    plans = values(page, "starts")
    assert len(plans) > 1
    assert {moments(one)[1] for one in plans} == {start}


def test_what_was_taken_meanwhile_is_planned_anew_and_the_rest_stays(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    mine = plan(clerk, harbor, patient)
    third = moments(mine)[2]
    for _ in range(2):  # the hands of both nurses
        other = make_patient(harbor.site, cleared=True)
        book(harbor, other, [third], version=harbor.injection, wishes=Wishes())

    page = clerk.post(series_url(patient), order(harbor, mine, patient_from="", patient_until=""))

    assert page.status_code == 409
    said = text(page)
    assert "has just been taken" in said
    assert "What was taken is planned anew; the rest stays" in said
    kept = Offer.objects.get()
    after = list(offers.order_of(kept).starts)
    assert [number for number, start in enumerate(moments(mine)) if start != after[number]] == [2]
    assert f"Kept for you until {time_words(kept.expires_at, harbor.site.zone)}" in said
    assert Appointment.objects.filter(patient=patient).count() == 0

    done = clerk.post(reverse("desk:offer", args=[kept.pk]), {"key": str(uuid4())})

    assert done.status_code == 302
    assert [visit.starts for visit in Appointment.objects.filter(patient=patient).order_by("starts")] == after


def test_choosing_another_plan_gives_back_what_was_kept_after_a_collision(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    mine = plan(clerk, harbor, patient)
    for _ in range(2):  # the hands of both nurses
        clerk.post(series_url(make_patient(harbor.site, cleared=True)), order(harbor, mine))
    page = clerk.post(series_url(patient), order(harbor, mine, patient_from="", patient_until=""))
    kept = Offer.objects.get()
    other = values(page, "starts")[-1]
    assert values(page, "kept")[0] == str(kept.pk)

    done = clerk.post(series_url(patient), order(harbor, other, patient_from="", patient_until="") | {"kept": kept.pk})

    assert done.status_code == 302
    kept.refresh_from_db()
    assert (kept.status, kept.holds.count()) == (Offer.Status.DECLINED, 0)
    assert [visit.starts for visit in Appointment.objects.filter(patient=patient).order_by("starts")] == moments(other)


def test_an_impossible_date_is_refused_in_words_and_the_plan_stays(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    old = plan(clerk, harbor, patient)
    sunday = harbor.at(FIRST_DAY + timedelta(days=5), 9)

    page = clerk.get(series_url(patient), loose(harbor, plan=old, swap="3", to=sunday.isoformat()))

    assert "Visit 3 cannot go to Sunday, April 11, 2027: nothing was changed." in text(page)
    assert values(page, "starts")[0] == old


@pytest.mark.parametrize(
    "broken",
    [{"plan": "yesterday"}, {"fixed": "x@y"}, {"fixed": "1@2027-04-06T09:00"}, {"plan": "2027-04-06T13:00+00:00"}],
)
def test_an_address_that_cannot_be_read_says_so_and_shows_the_plans(
    clerk: Client, harbor: Clinic, patient: Patient, broken: dict[str, str]
) -> None:
    page = clerk.get(series_url(patient), loose(harbor, **broken))

    assert page.status_code == 200
    assert values(page, "starts")
    assert 'class="problem"' in page.content.decode()


def test_the_patients_words_fill_the_fields_once(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    said = "not Tuesdays, after 10:00, driver only Mon/Wed/Fri, when the moon is full"

    page = clerk.get(series_url(patient), loose(harbor, words=said))

    html = page.content.decode()
    assert "Not understood: “when the moon is full”" in text(page)
    assert 'name="patient_days" value="1" class' not in html
    for start in moments(values(page, "starts")[0]):
        wall = clock.local(start, harbor.site.zone)
        assert wall.weekday() in {0, 2, 4}
        assert wall.hour >= 10
    again = clerk.get(series_url(patient), loose(harbor, words=said, read=said, patient_from="08:00"))
    assert "Not understood" not in text(again)
    assert 'name="patient_from" value="08:00"' in again.content.decode(), "the clerk has the last word"


def test_looking_writes_nothing(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    book(harbor, make_patient(harbor.site, cleared=True))
    before = Appointment.objects.count()
    swapped(clerk, harbor, patient, 2)

    assert Appointment.objects.count() == before
