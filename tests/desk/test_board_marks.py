"""What stands on the board beside the visits themselves: free time, cleaning, who is late, the week, the panel."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.models import Closure
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import visit as visits
from scheduling.desk.board_blocks import Block
from scheduling.desk.board_gaps import Gap
from scheduling.desk.board_layout import Board, lay_out
from scheduling.models import Appointment
from scheduling.selectors.board import board_day
from scheduling.selectors.board_week import WeekDay, board_week
from tests.desk.conftest import SignIn
from tests.desk.pages import text
from tests.factories import FIRST_DAY, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of


@pytest.fixture
def first(harbor: Clinic, patient: Patient) -> Appointment:
    """The first of six infusions, at nine on FIRST_DAY on one of three chairs."""
    return visits_of(book(harbor, patient, [harbor.at(FIRST_DAY + timedelta(days=day), 9) for day in DAYS]))[0]


DAYS = (0, 2, 6, 8, 10, 13)


def drawn(clinic: Clinic, hour: int = 8) -> Board:
    """The board as it stands at that hour of FIRST_DAY."""
    user = clinic.by(Role.FRONT_DESK).user
    assert user is not None
    now = clinic.at(FIRST_DAY, hour)
    return lay_out(board_day(clinic.site, FIRST_DAY, now=now), now)


def row_of(board: Board, visit: Appointment) -> list[Block | Gap]:
    """The cells of the line that the visit stands in."""
    for row in board.rows:
        if any(isinstance(cell, Block) and cell.visit.id == str(visit.pk) for cell in row.cells):
            return list(row.cells)
    raise AssertionError("the visit stands in no line")


def gaps(cells: list[Block | Gap]) -> list[tuple[str, str]]:
    return [(cell.kind, cell.words) for cell in cells if isinstance(cell, Gap)]


def test_free_time_says_how_long_it_is_and_cleaning_is_none(harbor: Clinic, first: Appointment) -> None:
    cells = row_of(drawn(harbor), first)
    assert gaps(cells) == [("free", "1 h"), ("cleaning", ""), ("free", "6 h 55")]
    free = cells[-1]
    assert isinstance(free, Gap)
    assert free.since == "11:05"
    assert "is free for 6 h 55, 11:05 a.m. to 6 p.m." in free.label


def test_what_is_past_is_not_offered_and_a_closed_chair_is_not_free(harbor: Clinic, first: Appointment) -> None:
    chair = first.holds.exclude(resource__kind="staff").first()
    assert chair is not None
    Closure.objects.create(
        resource=chair.resource, starts=harbor.at(FIRST_DAY, 15), ends=harbor.at(FIRST_DAY, 16), reason="Repair"
    )
    cells = row_of(drawn(harbor, 13), first)
    assert gaps(cells) == [
        ("past", ""),
        ("cleaning", ""),
        ("past", ""),
        ("free", "2 h"),
        ("closed", ""),
        ("free", "2 h"),
    ]


def test_status_is_told_by_the_facts(harbor: Clinic, first: Appointment) -> None:
    def said(hour: int, minute: int = 0) -> tuple[str, str]:
        user = harbor.by(Role.FRONT_DESK).user
        assert user is not None
        now = harbor.at(FIRST_DAY, hour, minute)
        (block,) = lay_out(board_day(harbor.site, FIRST_DAY, now=now), now).listed
        assert block.status.words in block.label
        return block.look, block.status.words

    assert said(8, 59) == ("booked", "booked")
    assert said(9, 1) == ("late", "late")
    with clock.at_moment(harbor.at(FIRST_DAY, 9, 20)):
        visits.arrive(by=harbor.by(Role.FRONT_DESK), appointment=first)
    assert said(9, 30) == ("arrived", "here, 20 min late")
    assert said(10, 56) == ("overtime", "over time")


def test_the_week_names_what_each_day_has_least_of(harbor: Clinic, first: Appointment) -> None:
    user = harbor.by(Role.FRONT_DESK).user
    assert user is not None
    days = board_week(user, harbor.site, FIRST_DAY, now=clock.now())
    assert [day.date.weekday() for day in days] == list(range(7))

    def uses(day: WeekDay) -> dict[str, tuple[int, int]]:
        return {use.name: (use.taken, use.there) for use in day.uses}

    tuesday = days[1]
    assert uses(tuesday) == {
        "chairs": (115 + 10, 3 * 600),
        "nurses' hands": (15, 2 * 600),
        "nurses' watch": (15 + 2 * 40 + 60, 2 * 4 * 600),
    }
    assert tuesday.scarcest is not None
    assert (tuesday.scarcest.name, tuesday.scarcest.percent, tuesday.scarcest.tone) == ("chairs", 7, "ok")
    assert (tuesday.visits, tuesday.rides_missing) == (1, 1)
    assert days[2].scarcest is None
    assert not days[5].is_open


def test_a_day_whose_nurses_are_away_has_nothing_left_of_them(
    clerk: Client, harbor: Clinic, first: Appointment
) -> None:
    for nurse in harbor.nurses:
        nurse.shifts.all().delete()
    page = text(clerk.get(reverse("desk:board_week", args=[harbor.site.pk, FIRST_DAY])))
    assert "nurses' hands 100%" in page
    assert "1 without cover" in page
    assert "No nurse is on shift on this day" in text(
        clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY + timedelta(days=1)]))
    )


def panel(client: Client, visit: Appointment, **query: str) -> Any:
    return client.get(reverse("desk:board_visit", args=[visit.pk]), query)


def test_a_panel_offers_what_can_be_done_next(
    clerk: Client, signed_in: SignIn, harbor: Clinic, first: Appointment
) -> None:
    assert reverse("desk:move", args=[first.pk]) in panel(clerk, first).content.decode()
    nurse = signed_in(Role.NURSE)
    assert reverse("desk:move", args=[first.pk]) not in panel(nurse, first).content.decode()
    assert "Arrived" not in text(panel(nurse, first)), "on another day two keystrokes are too few"
    with clock.at_moment(first.starts - timedelta(minutes=20)):
        assert "Arrived" in text(panel(nurse, first))
        assert "Did not come" not in text(panel(nurse, first)), "not before the visit begins"
    visits.arrive(by=harbor.by(Role.FRONT_DESK), appointment=first)
    assert "Check in and start" in text(panel(nurse, first))
    assert "Check in and start" not in text(panel(clerk, first))
    assert "Move it" not in text(panel(clerk, first)), "who is here is not moved"


def test_a_drop_fills_in_the_time_or_says_that_it_cannot_be_had(
    clerk: Client, harbor: Clinic, first: Appointment
) -> None:
    fine = panel(clerk, first, starts=(first.starts + timedelta(minutes=65)).isoformat())
    assert f'value="{(first.starts + timedelta(hours=1)).isoformat()}" selected' in fine.content.decode()
    late = panel(clerk, first, starts=harbor.at(FIRST_DAY, 17).isoformat())
    assert "5 p.m. cannot be had" in text(late)
    assert late.context["chosen"] is None
    assert "choose a time" in text(late)
    assert "cannot be had" not in text(panel(clerk, first, starts="whenever"))


def test_a_fragment_is_what_the_page_includes(clerk: Client, first: Appointment) -> None:
    alone = clerk.get(reverse("desk:board_visit", args=[first.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in alone
    assert "Ada Quill" in alone


def test_names_are_shown_and_never_taken_for_marks(clerk: Client, harbor: Clinic) -> None:
    odd = make_patient(harbor.site, cleared=True, given_name='<b title="', family_name="O'Neil & <i>")
    book(harbor, odd, [harbor.at(FIRST_DAY, 9)], version=harbor.injection)
    html = clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY])).content.decode()
    assert "O&#x27;Neil &amp; &lt;i&gt;, &lt;b title=&quot;" in html
    assert "<b title" not in html
    assert "<i>" not in html
