"""Dates that a doctor set mean the day on the wall of the site, in lists that the database puts in order."""

from datetime import date, time, timedelta

import pytest

from clinic import clock
from clinic.permissions import Role
from scheduling.models import BoosterPlan, Series
from scheduling.selectors.courses import in_maintenance
from scheduling.selectors.proposed import due_unbooked
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.visit.doctors import maintain
from tests.visit.worlds import make_given, make_series, make_visit

pytestmark = pytest.mark.django_db
ZONES = ["America/Los_Angeles", "Australia/Sydney"]
#: In the evening it is tomorrow in Greenwich already, where the site lies west of it; in the morning still yesterday
#: where it lies east.
HOURS = {"America/Los_Angeles": 21, "Australia/Sydney": 7}


def _in_maintenance(clinic: Clinic) -> Series:
    series = make_series(clinic, make_patient(clinic.site))
    maintain(clinic, series, days=14)
    return series


@pytest.mark.parametrize("zone", ZONES)
def test_a_course_is_to_be_looked_at_again_from_the_sites_own_day_on(zone: str) -> None:
    clinic = make_clinic(time_zone=zone)
    today = clock.local(NOW, clinic.site.zone).date()
    booked, unbooked = _in_maintenance(clinic), _in_maintenance(clinic)
    make_visit(clinic, starts=NOW + timedelta(days=9), patient=booked.patient, series=booked, kind="booster")
    user = clinic.by(Role.DOCTOR).user
    assert user is not None
    with clock.at_moment(clock.moment(today, time(HOURS[zone]), clinic.site.zone)):
        assert clock.now().date() != today
        orders = {}
        for review_on in (today, today + timedelta(days=1)):
            BoosterPlan.objects.filter(series=booked).update(review_on=review_on)
            orders[review_on] = in_maintenance(user)
    assert orders == {today: [booked.pk, unbooked.pk], today + timedelta(days=1): [unbooked.pk, booked.pk]}


@pytest.mark.parametrize("zone", ZONES)
def test_a_booster_due_on_the_last_day_of_boosters_is_on_the_desks_list_and_one_due_after_it_is_not(zone: str) -> None:
    clinic = make_clinic(time_zone=zone)
    series = _in_maintenance(clinic)
    given_on = date(2027, 4, 5)
    given = make_given(clinic, series, 6, clock.moment(given_on, time(HOURS[zone]), clinic.site.zone))
    assert given.starts.date() != given_on
    due = given_on + timedelta(days=14)
    listed = {}
    for ends_on in (due, due - timedelta(days=1)):
        BoosterPlan.objects.filter(series=series).update(ends_on=ends_on)
        listed[ends_on] = due_unbooked([clinic.site], given.starts + timedelta(days=15)).exists()
    assert listed == {due: True, due - timedelta(days=1): False}
