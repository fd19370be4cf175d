"""Changing a part of a series at the desk: what would move is shown with its reason, and booked exactly so."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import moving
from scheduling.models import Appointment, Message, Series
from tests.desk.conftest import SignIn
from tests.desk.pages import text, values
from tests.factories import Clinic
from tests.scheduling.helpers import book, treat, visits_of, wall

HIDDEN = ("key", "version", "moves", "added", "dropped", "seen", "beyond", "to_date", "to_time", "first_day")
COURSE = ("sessions", "least", "ideal", "most")
Status = Appointment.Status


@pytest.fixture
def series(harbor: Clinic, patient: Patient) -> Series:
    """Six booked infusions."""
    return book(harbor, patient)


def posted(page: HttpResponseBase, **changes: Any) -> dict[str, Any]:
    """The form of the page that agrees to the plan, as a browser would send it."""
    sent = {name: values(page, name)[-1] for name in HIDDEN + COURSE if values(page, name)}
    return sent | {"reason": "The patient asked for it."} | changes


def url(name: str, thing: Appointment | Series) -> str:
    return reverse(f"desk:{name}", args=[thing.pk])


def day_before(visit: Appointment) -> str:
    return (wall(visit)[0] - timedelta(days=1)).isoformat()


def test_the_page_shows_who_would_move_along_and_why_and_books_exactly_that(clerk: Client, series: Series) -> None:
    visits = visits_of(series)
    page = clerk.get(url("move_along", visits[0]), {"to_date": day_before(visits[1]), "to_time": "09:00"})
    assert "Leaves " in text(page)
    assert "moves" in text(page)
    assert visits_of(series)[0].starts == visits[0].starts
    done = clerk.post(url("move_along", visits[0]), posted(page))
    assert done.status_code == 302
    assert wall(Appointment.objects.get(pk=visits[0].pk))[0].isoformat() == day_before(visits[1])
    assert Message.objects.filter(series=series, kind=Message.Kind.BOOSTERS_CHANGED).count() == 1


def test_looking_writes_nothing_and_needs_no_script(clerk: Client, series: Series) -> None:
    visits = visits_of(series)
    before = list(Appointment.objects.order_by("pk").values())
    assert clerk.get(url("move_along", visits[0])).status_code == 200
    for name, thing in (("rest", series), ("finish", series), ("drop", visits[2])):
        assert clerk.get(url(name, thing)).status_code == 200
    assert list(Appointment.objects.order_by("pk").values()) == before
    assert 'action="/appointments/' in clerk.get(url("move", visits[0])).content.decode()


def test_a_plan_that_became_stale_shows_the_sentence_keeps_the_reason_and_plans_anew(
    clerk: Client, harbor: Clinic, series: Series
) -> None:
    visits = visits_of(series)
    page = clerk.get(url("move_along", visits[0]), {"to_date": day_before(visits[1]), "to_time": "09:00"})
    moving.move_visit(
        by=harbor.by(Role.MANAGER),
        appointment=visits[5],
        starts=visits[5].starts + timedelta(hours=1),
        reason="x",
        version=0,
    )
    again = clerk.post(url("move_along", visits[0]), posted(page))
    assert again.status_code == 422
    assert "Somebody has just changed the visits of this series" in text(again)
    assert "The patient asked for it." in again.content.decode()
    assert clerk.post(url("move_along", visits[0]), posted(again)).status_code == 302


def test_a_plan_that_cannot_be_read_is_refused_in_words(clerk: Client, series: Series) -> None:
    visit = visits_of(series)[0]
    page = clerk.get(url("move_along", visit), {"to_date": day_before(visits_of(series)[1])})
    for broken in ({"moves": "x=y"}, {"moves": ""}, {"added": "never"}, {"key": "1"}):
        answer = clerk.post(url("move_along", visit), posted(page, **broken))
        assert answer.status_code == 422
    assert Appointment.objects.get(pk=visit.pk).starts == visit.starts


def test_a_closed_day_is_said_by_name(clerk: Client, series: Series) -> None:
    visit = visits_of(series)[0]
    sunday = wall(visit)[0] + timedelta(days=6 - wall(visit)[0].weekday())
    page = clerk.get(url("move_along", visit), {"to_date": sunday.isoformat()})
    assert "is closed on Sunday" in text(page)


def test_after_a_no_show_the_patients_page_offers_to_plan_the_visit_again(
    clerk: Client, series: Series, patient: Patient
) -> None:
    visits = visits_of(series)
    Appointment.objects.filter(pk=visits[0].pk).update(status=Status.NOSHOW, ending="no_show", counts=False)
    with clock.at_moment(visits[0].starts + timedelta(days=1)):
        page = clerk.get(reverse("desk:patient", args=[patient.pk]))
        assert "1 of 6 infusions is still to be planned. Plan the visit again" in text(page)
        plan = clerk.get(url("rest", series))
        assert "1 of 6 infusions is still to be planned." in text(plan)
        assert clerk.post(url("rest", series), posted(plan)).status_code == 302
        assert Appointment.objects.blocking().filter(series=series).count() == 6
        assert "still to be planned" not in text(clerk.get(reverse("desk:patient", args=[patient.pk])))


def test_a_cancelled_visit_is_offered_for_planning_too(
    clerk: Client, harbor: Clinic, series: Series, patient: Patient
) -> None:
    visit = visits_of(series)[2]
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=visit, reason="A cold.", version=0)
    assert "Plan the visit again" in text(clerk.get(reverse("desk:patient", args=[patient.pk])))


def test_one_infusion_fewer_is_said_before_it_is_done(clerk: Client, series: Series, patient: Patient) -> None:
    visit = visits_of(series)[5]
    assert "One infusion fewer instead" in text(clerk.get(url("cancel", visit)))
    page = clerk.get(url("drop", visit))
    assert "dropped" in text(page)
    assert clerk.post(url("drop", visit), posted(page)).status_code == 302
    series.refresh_from_db()
    assert series.sessions == 5
    assert "6 of 5" not in text(clerk.get(reverse("desk:patient", args=[patient.pk])))


def test_an_induction_is_finished_early_with_a_reason(clerk: Client, series: Series) -> None:
    treat(visits_of(series)[:2])
    refused = clerk.post(url("finish", series), {"reason": ""})
    assert refused.status_code == 422
    assert "Say why" in text(refused)
    assert clerk.post(url("finish", series), {"reason": "Relief."}).status_code == 302
    series.refresh_from_db()
    assert series.sessions == 2
    assert not Appointment.objects.blocking().filter(series=series).exists()


def test_a_date_is_kept_fixed_and_let_go_by_a_button(clerk: Client, series: Series, patient: Patient) -> None:
    visit = visits_of(series)[0]
    assert "Keep fixed" in text(clerk.get(reverse("desk:patient", args=[patient.pk])))
    clerk.post(url("pin", visit), {"fixed": "1"})
    assert Appointment.objects.get(pk=visit.pk).pinned
    assert "Let move" in text(clerk.get(reverse("desk:patient", args=[patient.pk])))
    clerk.post(url("pin", visit), {"fixed": "0"})
    assert not Appointment.objects.get(pk=visit.pk).pinned


def test_a_doctor_adds_one_and_the_front_desk_has_no_such_page(
    clerk: Client, signed_in: SignIn, series: Series, patient: Patient
) -> None:
    assert clerk.get(url("course", series)).status_code == 403
    curve = reverse("doctor:boosters", args=[series.pk])
    for_desk = clerk.get(reverse("desk:patient", args=[patient.pk])).content.decode()
    assert "Number, spacing" not in for_desk
    assert curve not in for_desk
    doctor = signed_in(Role.DOCTOR)
    for_doctor = doctor.get(reverse("desk:patient", args=[patient.pk])).content.decode()
    assert "Number, spacing" in for_doctor
    assert curve in for_doctor, "a running induction is on no list of the doctor's"
    asked = {"sessions": "7", "least": "2", "ideal": "2.5", "most": "5"}
    page = doctor.get(url("course", series), asked)
    assert "new" in text(page)
    assert doctor.post(url("course", series), posted(page)).status_code == 302
    series.refresh_from_db()
    assert (series.sessions, series.min_gap_days) == (7, None)
    assert Appointment.objects.blocking().filter(series=series).count() == 7


def test_a_doctor_widens_the_spacing(signed_in: SignIn, series: Series) -> None:
    doctor = signed_in(Role.DOCTOR)
    page = doctor.get(url("course", series), {"sessions": "6", "least": "4", "ideal": "5", "most": "7"})
    assert doctor.post(url("course", series), posted(page)).status_code == 302
    series.refresh_from_db()
    assert (series.min_gap_days, series.max_gap_days) == (4, 7)
    days = [wall(visit)[0] for visit in visits_of(series)]
    assert all(4 <= (later - earlier).days <= 7 for earlier, later in pairwise(days))


def test_a_spacing_that_cannot_be_is_refused_beside_the_field(signed_in: SignIn, series: Series) -> None:
    doctor = signed_in(Role.DOCTOR)
    page = doctor.get(url("course", series), {"sessions": "6", "least": "1", "ideal": "2", "most": "5"})
    assert "The protocol keeps at least 2 days between infusions." in text(page)
    page = doctor.get(url("course", series), {"sessions": "6", "least": "4", "ideal": "2", "most": "5"})
    assert "It lies between the smallest and the largest." in text(page)
    assert not values(page, "moves")
