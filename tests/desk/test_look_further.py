"""A series is looked for in the four weeks from its first day, and further where these hold none or the clerk asks."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from clinic import clock
from clinic.models import Closure
from patients.models import Patient
from scheduling.models import ProtocolVersion
from scheduling.planner.problem import Problem
from scheduling.planner.refusal import refuse
from scheduling.planner.values import Refusal
from scheduling.selectors import planning
from tests.desk.pages import series_url, text, values, wishes
from tests.factories import FIRST_DAY, Clinic


def ends(clinic: Clinic, plans: list[str]) -> list[date]:
    """The local date of each plan's last visit."""
    return [clock.local(datetime.fromisoformat(plan.split(",")[-1]), clinic.site.zone).date() for plan in plans]


@pytest.fixture
def lasts(harbor: Clinic) -> list[date]:
    """How far is looked at first, and how far at most."""
    return planning.last_days(harbor.induction, FIRST_DAY)


@pytest.fixture
def shut(harbor: Clinic) -> None:
    """Closed for so long that no series ends in the days looked at first."""
    starts = harbor.at(FIRST_DAY, 0)
    Closure.objects.create(site=harbor.site, starts=starts, ends=starts + timedelta(days=28), reason="building")


def test_plans_end_in_four_weeks_and_the_page_says_so_and_where_to_look_further(
    clerk: Client, harbor: Clinic, patient: Patient, lasts: list[date]
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    assert max(ends(harbor, values(page, "starts"))) <= lasts[0]
    assert "ending by Tue May 4 Look until Tue May 25" in text(page)

    further = clerk.get(series_url(patient), wishes(harbor) | {"further": "1"})
    assert values(further, "starts")
    assert further.context["found"].last == lasts[1]
    assert "Look until" not in text(further)


def test_where_four_weeks_hold_no_plan_the_later_ones_are_shown_at_once(
    clerk: Client, harbor: Clinic, patient: Patient, lasts: list[date], shut: None
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    assert min(ends(harbor, values(page, "starts"))) > lasts[0]
    assert max(ends(harbor, values(page, "starts"))) <= lasts[1]
    assert "Look until" not in text(page)


def test_a_date_of_a_later_plan_can_be_swapped(clerk: Client, harbor: Clinic, patient: Patient, shut: None) -> None:
    plan = values(clerk.get(series_url(patient), wishes(harbor)), "starts")[0]
    page = clerk.get(series_url(patient), wishes(harbor) | {"plan": plan, "swap": "6"})
    assert "Your plan" in text(page)
    assert page.context["found"].others


def test_why_there_is_no_plan_is_worked_out_once(
    clerk: Client, harbor: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Problem] = []

    def counted(problem: Problem) -> Refusal:
        asked.append(problem)
        return refuse(problem)

    monkeypatch.setattr("scheduling.planner.search.refuse", counted)
    page = clerk.get(series_url(patient), wishes(harbor, patient_days=["1"]))
    assert "No plan fits" in text(page)
    assert len(asked) == 1


@pytest.mark.parametrize(("window", "near", "far"), [(5, 27, 33), (16, 27, 44), (21, 28, 49), (70, 77, 98)])
def test_a_first_visit_has_a_week_to_choose_from_before_it_is_looked_for_later(
    window: int, near: int, far: int
) -> None:
    version = ProtocolVersion(sessions=6, window_days=window, min_gap_days=1)
    assert [(day - FIRST_DAY).days for day in planning.last_days(version, FIRST_DAY)] == [near, far]
