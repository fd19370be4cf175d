"""Work over many rows: what is wrong with one keeps no other from its turn."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused, WrongStatus
from clinic.models import Site
from scheduling.actions import booking, boosters, offers
from scheduling.actions.one_by_one import one_by_one
from scheduling.models import Series
from tests.factories import NOW, make_clinic, make_patient
from tests.scheduling.helpers import book

PROGRAM = Actor.system("a test")


def raising(fault: Exception, seen: list[str], at: str = "second") -> Any:
    def work(site: Site) -> bool:
        seen.append(site.name)
        if site.name == at:
            raise fault
        return site.name != "third"

    return work


ROWS = [Site(name=name) for name in ("first", "second", "third", "fourth")]


@pytest.mark.parametrize("fault", [Refused("Changed meanwhile."), ValueError("a fault of the program")])
def test_the_others_have_their_turn_and_those_that_gave_something_are_counted(fault: Exception) -> None:
    seen: list[str] = []
    assert one_by_one(ROWS, raising(fault, seen), name="test") == 2
    assert seen == ["first", "second", "third", "fourth"]


def test_only_the_refusal_that_is_expected_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    one_by_one(ROWS, raising(WrongStatus("Over."), []), name="test", passes=WrongStatus)
    assert "row_left_out" not in caplog.text
    one_by_one(ROWS, raising(Refused("Why?"), []), name="test", passes=WrongStatus)
    assert "row_left_out" in caplog.text
    assert str(ROWS[1].pk) in caplog.text


def test_a_database_that_is_away_ends_the_run() -> None:
    seen: list[str] = []
    with pytest.raises(DatabaseError):
        one_by_one(ROWS, raising(DatabaseError("gone"), seen), name="test")
    assert seen == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_a_held_series_that_cannot_be_released_keeps_no_other_held(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make_clinic()
    with clock.at_moment(NOW):
        one, other = (book(clinic, make_patient(clinic.site)) for _ in range(2))
    release = booking.release_held

    def broken(*, series: Series, **given: Any) -> None:
        if series.pk == one.pk:
            raise ValueError("a fault of the program")
        release(series=series, **given)

    monkeypatch.setattr(booking, "release_held", broken)
    with clock.at_moment(NOW + timedelta(days=60)):
        assert offers.release_lapsed(by=PROGRAM) == 1
    assert set(Series.objects.values_list("pk", "status")) == {
        (one.pk, Series.Status.DRAFT),
        (other.pk, Series.Status.REVOKED),
    }


def test_a_course_that_cannot_go_on_keeps_no_other_from_its_booster(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Series(), Series()

    def book_next(*, by: Actor, series: Series) -> bool:
        if series is first:
            raise ValueError("a fault of the program")
        return True

    monkeypatch.setattr(boosters, "to_roll_on", lambda: [first, second])
    monkeypatch.setattr(boosters, "book_next", book_next)
    assert boosters.roll_on(by=PROGRAM) == 1
