"""When reminders are due: on the wall clock of the site, inside its sending hours, whatever the clocks do meanwhile."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.messages import hours, reminders
from scheduling.models import LadderStep, Message
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import world

Kind = Message.Kind

#: (zone, the Sunday on which its clocks change), both changes of 2027; Phoenix has none, so any two Sundays do.
CHANGES = [
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("America/Phoenix", date(2027, 3, 14)),
    ("America/Phoenix", date(2027, 11, 7)),
    ("Europe/London", date(2027, 3, 28)),
    ("Europe/London", date(2027, 10, 31)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
]


def site(zone: str = "America/New_York", begins: time = time(8), ends: time = time(20)) -> Site:
    """A site that is not saved."""
    return Site(name="Harbor", time_zone=zone, send_from=begins, send_until=ends)


def dues(harbor: Clinic, ada: Patient, days: list[date], now: datetime = NOW) -> dict[tuple[str, int], datetime]:
    """Due times by kind and number of the visit, for a booked series."""
    visits = world.make_series(harbor, ada, days).appointments.select_related("site", "protocol_version")
    return {(due.kind, due.appointment.number): due.at for due in reminders.dues_of(list(visits), now)}


@pytest.mark.parametrize(("zone", "sunday"), CHANGES)
def test_a_reminder_keeps_its_local_time_across_a_change_of_the_clocks(db: None, zone: str, sunday: date) -> None:
    place = ZoneInfo(zone)
    before = clock.moment(sunday - timedelta(days=10), time(9), place)
    with clock.at_moment(before):
        clinic = make_clinic(time_zone=zone)
        patient = make_patient(clinic.site)
        world.drop_ladders()
        found = dues(clinic, patient, [sunday + timedelta(days=1)], before)
    walls = {kind: clock.local(at, place) for (kind, _number), at in found.items()}
    assert {kind: wall.time() for kind, wall in walls.items()} == {
        Kind.REMINDER: time(10),
        Kind.PREPARE: time(10),
        Kind.TODAY: time(8),
    }
    # The preparation of a Monday's visit goes out on Sunday; what can wait does not come on a weekend.
    assert walls[Kind.PREPARE].date() == sunday
    assert walls[Kind.REMINDER].date() == sunday - timedelta(days=2)


def test_a_fixed_number_of_hours_before_would_be_an_hour_off_after_a_change() -> None:
    """Control: the naive way, which the test above must be able to tell from the right one."""
    place = ZoneInfo("America/New_York")
    visit = clock.moment(date(2027, 3, 14), time(10), place)
    assert clock.local(visit - timedelta(hours=24), place).time() == time(9)


@pytest.mark.parametrize(
    ("wanted", "expected"), [(time(6), time(8)), (time(8), time(8)), (time(13), time(13)), (time(20), time(19, 30))]
)
def test_a_time_outside_the_sending_hours_is_moved_into_them(wanted: time, expected: time) -> None:
    place = site()
    day = date(2027, 4, 6)
    assert hours.wall_time(place, day, wanted) == clock.moment(day, expected, place.zone)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (7, "2027-04-06 8:00"),
        (8, "2027-04-06 8:00"),
        (19, "2027-04-06 19:00"),
        (20, "2027-04-07 8:00"),
        (23, "2027-04-07 8:00"),
    ],
)
def test_sending_hours_are_half_open(hour: int, expected: str) -> None:
    place = site()
    moment = clock.moment(date(2027, 4, 6), time(hour), place.zone)
    assert f"{clock.local(hours.next_open(place, moment), place.zone):%Y-%m-%d %-H:%M}" == expected


def test_news_goes_onto_a_persons_list_at_once_even_at_night() -> None:
    place = site()
    night = clock.moment(date(2027, 4, 6), time(22), place.zone)
    assert {hours.soonest(place, night, channel) for channel in ("call", "paper")} == {night}


@pytest.mark.parametrize("channel", ["mail", "text"])
def test_news_waits_for_the_morning_unless_its_visit_cannot(channel: str) -> None:
    place = site()
    night = clock.moment(date(2027, 4, 6), time(22), place.zone)
    early = clock.moment(date(2027, 4, 7), time(9), place.zone)
    late = clock.moment(date(2027, 4, 7), time(15), place.zone)
    assert hours.soonest(place, night, channel, early) == night
    assert hours.soonest(place, night, channel, late) == clock.moment(date(2027, 4, 7), time(8), place.zone)


def test_what_can_wait_waits_for_monday_unless_it_would_come_too_late() -> None:
    place = site()
    saturday = clock.moment(date(2027, 4, 10), time(9), place.zone)
    monday = clock.moment(date(2027, 4, 12), time(8), place.zone)
    assert hours.soonest(place, saturday, "mail") == saturday, "control: other news goes out"
    assert hours.soonest(place, saturday, "mail", can_wait=True) == monday
    assert hours.soonest(place, saturday, "mail", monday + timedelta(days=2), can_wait=True) == monday
    assert hours.soonest(place, saturday, "mail", monday, can_wait=True) == saturday
    assert hours.soonest(place, saturday, "call", can_wait=True) == saturday


def test_visits_a_few_days_apart_get_one_message_before_each(harbor: Clinic, ada: Patient) -> None:
    world.drop_ladders()
    found = dues(harbor, ada, [date(2027, 4, 12), date(2027, 4, 14), date(2027, 4, 16)])
    assert {key for key in found if key[1] == 1} == {(Kind.REMINDER, 1), (Kind.PREPARE, 1), (Kind.TODAY, 1)}
    assert {key for key in found if key[1] > 1} == {(Kind.PREPARE, 2), (Kind.PREPARE, 3)}


def test_visits_further_apart_get_the_whole_ladder(harbor: Clinic, ada: Patient) -> None:
    world.drop_ladders()
    found = dues(harbor, ada, [date(2027, 4, 12), date(2027, 4, 19)])
    assert {kind for kind, number in found if number == 2} == {Kind.REMINDER, Kind.PREPARE, Kind.TODAY}


def test_a_protocols_own_ladder_stands_in_place_of_the_default(harbor: Clinic, ada: Patient) -> None:
    world.drop_ladders()
    LadderStep.objects.create(version=harbor.induction, kind=Kind.PREPARE, days=2, send_at=time(17))
    assert dues(harbor, ada, [date(2027, 4, 14)]) == {(Kind.PREPARE, 1): harbor.at(date(2027, 4, 12), 17)}


def test_a_reminder_right_after_the_booking_message_is_not_written(harbor: Clinic, ada: Patient) -> None:
    now = harbor.at(date(2027, 4, 8), 9)
    # Three days before Monday is Friday, a day after the booking: the patient has just been told.
    assert set(dues(harbor, ada, [date(2027, 4, 12)], now)) == {(Kind.REMINDER, 1), (Kind.PREPARE, 1)}
    later = harbor.at(date(2027, 4, 8), 11)
    visits = list(ada.appointments.select_related("site", "protocol_version"))
    assert [due.kind for due in reminders.dues_of(visits, later)] == [Kind.PREPARE]


def test_a_reminder_on_the_day_that_leaves_no_time_to_set_out_is_not_written(harbor: Clinic, ada: Patient) -> None:
    world.drop_ladders()
    visits = world.make_series(harbor, ada, [date(2027, 4, 12)], at=time(8, 30)).appointments.select_related(
        "site", "protocol_version"
    )
    assert Kind.TODAY not in {due.kind for due in reminders.dues_of(list(visits), NOW)}


def test_the_number_of_queries_does_not_grow_with_the_visits(
    harbor: Clinic, ada: Patient, django_assert_num_queries: object
) -> None:
    series = world.make_series(harbor, ada, [date(2027, 4, 12 + number) for number in range(0, 12, 2)])
    visits = list(series.appointments.select_related("site", "protocol_version"))
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = reminders.dues_of(visits, datetime(2027, 4, 5, 13, tzinfo=UTC))
    assert len(found) == 12
