"""The day board: a real table, the phases, the nurses' load, ride marks, and any day by address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import Closure, Site
from clinic.permissions import Role
from patients.models import Patient
from scheduling.desk.board_blocks import Block
from scheduling.desk.board_layout import lay_out
from scheduling.models import Appointment
from scheduling.selectors.board import board_day
from tests.desk.conftest import SignIn
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient


def url(site: Site, day: Any = FIRST_DAY) -> str:
    return reverse("desk:board", args=[site.pk, day])


@pytest.fixture
def book(clerk: Client, harbor: Clinic) -> Callable[[Patient], Appointment]:
    """Book the best plan of six for a patient; gives the first visit, on FIRST_DAY."""

    def book_one(patient: Patient) -> Appointment:
        page = clerk.get(series_url(patient), wishes(harbor))
        clerk.post(series_url(patient), order(harbor, values(page, "starts")[0]))
        return patient.appointments.earliest("starts")

    return book_one


def test_a_visit_stands_in_the_row_of_its_chair_and_spans_its_time(
    clerk: Client, harbor: Clinic, patient: Patient, book: Callable[[Patient], Appointment]
) -> None:
    visit = book(patient)
    user = harbor.by(Role.FRONT_DESK).user
    assert user is not None
    board = lay_out(board_day(harbor.site, FIRST_DAY, now=NOW), NOW)
    placed = [(row.name, cell) for row in board.rows for cell in row.cells if isinstance(cell, Block)]
    assert len(placed) == 1
    name, block = placed[0]
    chair = visit.holds.select_related("resource").exclude(resource__kind="staff").first()
    assert chair is not None
    assert name == chair.resource.name
    assert block.span == 23  # 15 + 40 + 60 minutes in cells of five
    assert [(bar.kind, bar.x, bar.width) for bar in block.phases] == [
        ("prepare", 0, 3),
        ("infuse", 3, 8),
        ("recover", 11, 12),
    ]
    assert board.columns == 120
    assert all(sum(cell.span for cell in row.cells) == 120 for row in board.rows)
    assert [row.name for row in board.rows] == ["Chair 1", "Chair 2", "Chair 3"]


def test_the_page_is_a_table_with_the_visit_as_a_link_and_the_load_in_words(
    clerk: Client, harbor: Clinic, patient: Patient, book: Callable[[Patient], Appointment]
) -> None:
    visit = book(patient)
    page = clerk.get(url(harbor.site))
    html = page.content.decode()
    assert '<th scope="col" colspan="12">8 a.m.</th>' in html
    assert f'href="{reverse("nurse:visit", args=[visit.pk])}"' in html
    assert "Ada Quill, 9 a.m. to 10:55 a.m., infusion 1 of 6, booked, nobody named to drive" in html
    assert "watch 2 of 4 taken" in html
    assert "1 without a ride" in text(page)
    assert 'style="' not in html


def test_the_number_of_queries_does_not_grow_with_the_visits(
    clerk: Client, harbor: Clinic, patient: Patient, book: Callable[[Patient], Appointment]
) -> None:
    clerk.get(url(harbor.site))
    book(patient)
    with CaptureQueriesContext(connection) as few:
        clerk.get(url(harbor.site))
    for _ in range(5):
        book(make_patient(harbor.site, cleared=True))
    with CaptureQueriesContext(connection) as many:
        clerk.get(url(harbor.site))
    assert len(many) == len(few)


def test_a_closed_day_says_so(clerk: Client, harbor: Clinic) -> None:
    page = clerk.get(url(harbor.site, FIRST_DAY + timedelta(days=4)))
    assert "Harbor is closed on this day." in text(page)
    assert "Closed, and nothing is booked." in text(page)


def test_a_day_with_a_closure_in_its_middle_is_still_drawn(clerk: Client, harbor: Clinic) -> None:
    Closure.objects.create(
        site=harbor.site, starts=harbor.at(FIRST_DAY, 12), ends=harbor.at(FIRST_DAY, 13), reason="Fire drill"
    )
    page = clerk.get(url(harbor.site))
    assert page.status_code == 200
    assert "Nothing is booked on this day." in text(page)


def test_a_day_on_which_the_clocks_change_has_all_its_hours(clerk: Client, harbor: Clinic) -> None:
    harbor.site.opening_hours.create(weekday=6, opens="00:00", closes="06:00")
    spring = clerk.get(url(harbor.site, "2027-03-14"))
    autumn = clerk.get(url(harbor.site, "2027-11-07"))
    assert spring.context["drawing"].board.columns == 5 * 12
    assert autumn.context["drawing"].board.columns == 7 * 12


def test_the_board_without_a_date_goes_to_today(clerk: Client, harbor: Clinic) -> None:
    assert clerk.get(reverse("desk:today"))["Location"] == url(harbor.site, "2027-04-05")
    asked = clerk.get(reverse("desk:today"), {"site": str(harbor.site.pk), "day": "2027-05-01"})
    assert asked["Location"] == url(harbor.site, "2027-05-01")
    odd = clerk.get(reverse("desk:today"), {"site": "nowhere", "day": "someday"})
    assert odd["Location"] == url(harbor.site, "2027-04-05")


def test_what_is_no_date_is_no_page(clerk: Client, harbor: Clinic) -> None:
    assert clerk.get(f"/board/{harbor.site.pk}/2027-02-30/").status_code == 404


def test_another_sites_board_is_not_found(clerk: Client) -> None:
    assert clerk.get(url(make_clinic(name="Mesa").site)).status_code == 404


def test_a_nurse_sees_the_board_and_is_offered_no_moving(
    signed_in: SignIn, harbor: Clinic, patient: Patient, book: Callable[[Patient], Appointment]
) -> None:
    visit = book(patient)
    page = signed_in(Role.NURSE).get(url(harbor.site))
    assert page.status_code == 200
    assert reverse("desk:move", args=[visit.pk]) not in page.content.decode()


def test_a_cancelled_visit_is_listed_apart(
    clerk: Client, harbor: Clinic, patient: Patient, book: Callable[[Patient], Appointment]
) -> None:
    visit = book(patient)
    clerk.post(reverse("desk:cancel", args=[visit.pk]), {"version": visit.version, "reason": "Ill."})
    page = clerk.get(url(harbor.site))
    assert "1 cancelled" in text(page)
    assert clock.today(harbor.site.zone) < FIRST_DAY


def test_a_plan_kept_for_six_days_lacks_no_cover_on_the_board_of_one(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    clerk.post(series_url(patient), order(harbor, values(page, "starts")[0], do="keep"))
    said = clerk.get(url(harbor.site))
    assert "kept" in text(said)
    assert "no cover" not in text(said)
    Closure.objects.create(
        site=harbor.site, starts=harbor.at(FIRST_DAY, 9), ends=harbor.at(FIRST_DAY, 12), reason="Burst pipe"
    )
    assert "1 visit of this day has no cover" in text(clerk.get(url(harbor.site)))
