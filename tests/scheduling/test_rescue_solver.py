"""The optional solver behind the desk's rescue: not asked unless a clinic wants it, and agreed to like any proposal."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from clinic import clock
from scheduling.selectors import rescue_plan
from scheduling.selectors.rescue_plan import answers, propose, without_cover
from tests.factories import Clinic, make_clinic
from tests.scheduling.test_rescue import TUESDAY, TWICE_A_WEEK, agree, injection, series_of, snow

pytestmark = pytest.mark.django_db


def snowed_in() -> Clinic:
    """Two series and an injection have a visit on a day that snow closes."""
    clinic = make_clinic()
    for hour in (9, 13):
        series_of(clinic, TWICE_A_WEEK, hour)
    injection(clinic, clinic.at(TUESDAY, 9))
    snow(clinic)
    return clinic


def test_the_solver_is_off_by_default_and_gets_the_seconds_that_the_clinic_gives_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    asked: list[float] = []

    def listen(request: Any, rescue: Any, seconds: float) -> Any:
        asked.append(seconds)
        return rescue

    monkeypatch.setattr(rescue_plan, "improve_rescue", listen)
    clinic = snowed_in()
    propose(clinic.site, clock.now())
    settings.RESCUE_SOLVER_SECONDS = 7.5
    propose(clinic.site, clock.now())
    assert asked == [0, 7.5]


def test_what_the_solver_proposes_can_be_agreed_to(settings: Settings) -> None:
    settings.RESCUE_SOLVER_SECONDS = 3
    clinic = snowed_in()
    assert len(without_cover(clinic.site, clock.now())) == 3
    agree(clinic, answers(propose(clinic.site, clock.now()).cases))
    assert without_cover(clinic.site, clock.now()) == []
