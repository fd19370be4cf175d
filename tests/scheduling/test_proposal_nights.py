"""The night's work on proposed dates: made up for where no worker was there, gone on with where it broke off, and never
done twice."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from clinic import clock
from clinic.models import Site
from scheduling.actions import booster_offers
from scheduling.models import Appointment, ProposalNight, ProposedBooster, Series
from scheduling.selectors.proposed import last_night
from tests.factories import make_patient
from tests.scheduling.helpers import book
from tests.scheduling.test_booster_patterns import JOB, Offering

pytestmark = pytest.mark.django_db


def test_a_night_without_a_worker_is_made_up_for_once_when_one_is_back() -> None:
    world = Offering()
    with clock.at_moment(world.night - timedelta(days=3)):
        booster_offers.by_night(by=JOB)
    ProposedBooster.objects.all().delete()
    with clock.at_moment(world.night + timedelta(hours=8)):
        assert booster_offers.by_night(by=JOB) == 1
        assert len(world.open) == 5
        world.offered()[0].delete()
        # The control: another run would offer one in its place.
        assert booster_offers.by_night(by=JOB) == 0
        assert len(world.offered()) == 1
    with clock.at_moment(world.night + timedelta(days=1)):
        assert booster_offers.by_night(by=JOB) == 1, "and the next night is one of its own"
    assert ProposalNight.objects.get(site=world.clinic.site).night == world.given + timedelta(days=2)


def three_courses(world: Offering) -> list[UUID]:
    """Two more in maintenance; the ids of all, in the order in which the night takes them."""
    clinic = world.clinic
    with clock.at_moment(world.now):
        for _ in range(2):
            book(clinic, make_patient(clinic.site, cleared=True), first_day=world.last_day + timedelta(days=3))
    Series.objects.update(stage=Series.Stage.MAINTENANCE)
    return list(Series.objects.order_by("pk").values_list("pk", flat=True))


def test_a_night_that_broke_off_goes_on_with_the_courses_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Offering()
    first, second, third = three_courses(world)
    worked: list[Any] = []

    def propose(*, by: Any, series: Series) -> list[Any]:
        if series.pk == second and len(worked) == 1:
            raise KeyboardInterrupt
        worked.append(series.pk)
        return []

    monkeypatch.setattr(booster_offers, "propose", propose)
    with clock.at_moment(world.night):
        with pytest.raises(KeyboardInterrupt):
            booster_offers.by_night(by=JOB)
        assert worked == [first]
        worked.append(None)
        booster_offers.by_night(by=JOB)
        booster_offers.by_night(by=JOB)
    assert worked == [first, None, second, third]


def test_a_course_that_cannot_be_worked_keeps_no_other_from_its_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Offering()
    first, second, third = three_courses(world)
    worked: list[UUID] = []

    def propose(*, by: Any, series: Series) -> list[Any]:
        worked.append(series.pk)
        if series.pk == second:
            raise ValueError("a fault of the program")
        return [series]

    monkeypatch.setattr(booster_offers, "propose", propose)
    with clock.at_moment(world.night):
        assert booster_offers.by_night(by=JOB) == 2
        booster_offers.by_night(by=JOB)
    assert worked == [first, second, third], "each once, in this night"


def test_of_two_workers_one_works_a_course() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        world.offered()[0].delete()
        # As the slower of two would, who has looked before the other was done.
        night = last_night(world.clinic.site, clock.now())
        assert booster_offers.propose_tonight(by=JOB, series=world.series, night=night) == []
        # The control: without the mark one would be offered anew.
        assert len(booster_offers.propose(by=JOB, series=world.series)) == 1


def test_a_night_begins_at_two_and_where_the_clock_skips_that_hour_at_three(db: None) -> None:
    site = Offering().clinic.site
    sunday = date(2027, 3, 14)  # Clocks go from 02:00 to 03:00 in the United States.
    assert site.time_zone.startswith("America/")
    midnight = clock.day_bounds(sunday, site.zone)[0]
    assert last_night(site, midnight + timedelta(hours=1, minutes=59)) == date(2027, 3, 13)
    assert last_night(site, midnight + timedelta(hours=2)) == sunday
    assert clock.local(midnight + timedelta(hours=2), site.zone).hour == 3


def test_a_site_out_of_use_has_no_nights() -> None:
    world = Offering()
    Site.objects.update(is_active=False)
    with clock.at_moment(world.night):
        assert booster_offers.by_night(by=JOB) == 0
    assert not ProposalNight.objects.exists()
    assert not Appointment.objects.filter(series=world.series, starts__gt=world.night).blocking().exists()
