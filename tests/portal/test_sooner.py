"""A patient goes on the earlier-time list from their own page: what suits is kept, and the visit stays as it is."""

from datetime import date, timedelta

from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling import wishes as wishes_json
from scheduling.actions import earlier
from scheduling.models import Appointment, EarlierWish
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import Looking
from tests import factories
from tests.desk.pages import text
from tests.portal.conftest import DAYS, make_visits
from tests.snapshot import everything


def url(visit: Appointment) -> str:
    return f"/my/sooner/{visit.pk}/"


def test_the_page_offers_it_for_the_next_visit_and_a_look_changes_nothing(
    at_ada: Client, visits: list[Appointment]
) -> None:
    before = everything()
    page = at_ada.get("/my/").content.decode()
    assert "Would you like to come sooner?" in page
    assert url(visits[0]) in page
    assert url(visits[1]) not in page
    assert "Put me on the list" in at_ada.get(url(visits[0])).content.decode()
    assert everything() == before


def test_who_says_what_suits_is_on_the_list_that_the_desk_works(
    clinic: factories.Clinic, at_ada: Client, visits: list[Appointment]
) -> None:
    answer = at_ada.post(
        url(visits[0]),
        {"first_day": "2027-04-07", "days": ["3", "4"], "begin": "10:00", "words": "Any day"},
        follow=True,
    )
    wish = EarlierWish.objects.get()
    assert (wish.appointment, wish.not_before, wish.note) == (visits[0], date(2027, 4, 7), "Any day")
    assert wishes_json.from_json(wish.hours).patient_can == {3: ((600, 1440),), 4: ((600, 1440),)}
    assert "You are on the list for an earlier time." in text(answer)
    visits[0].refresh_from_db()
    assert (visits[0].starts, visits[0].version) == (clinic.at(DAYS[0], 9), 0)
    chances = Looking(clinic.site, clock.now()).chances()
    assert {one.starts.date() for one in chances} <= {date(2027, 4, 8), date(2027, 4, 9)}
    desk = Client()
    user = clinic.by(Role.FRONT_DESK).user
    assert user is not None
    desk.force_login(user)
    assert "asked on their own page" in text(desk.get(reverse("desk:earlier")))


def test_the_hours_are_shown_again_and_changed(at_ada: Client, visits: list[Appointment]) -> None:
    at_ada.post(url(visits[0]), {"days": ["3"], "begin": "10:00", "end": "14:30"})
    page = at_ada.get(url(visits[0])).content.decode()
    assert 'value="10:00"' in page
    assert 'value="14:30"' in page
    assert "Keep these hours" in page
    at_ada.post(url(visits[0]), {})
    assert wishes_json.from_json(EarlierWish.objects.get().hours).patient_can is None


def test_when_the_driver_can_is_not_lost_by_what_the_patient_says(
    clinic: factories.Clinic, at_ada: Client, visits: list[Appointment]
) -> None:
    driver = {0: ((600, 900),)}
    earlier.wish_sooner(by=clinic.by(Role.FRONT_DESK), appointment=visits[0], hours=Wishes(driver_can=driver))
    at_ada.post(url(visits[0]), {"days": ["0"]})
    assert wishes_json.from_json(EarlierWish.objects.get().hours).driver_can == driver


def test_off_the_list_again_and_twice_is_once(at_ada: Client, visits: list[Appointment]) -> None:
    at_ada.post(url(visits[0]), {})
    for _ in range(2):
        assert at_ada.post(url(visits[0]) + "off/").status_code == 302
    assert EarlierWish.objects.get().status == "ended"
    assert "Say which days and hours suit" in text(at_ada.get("/my/"))


def test_what_was_typed_stays_when_something_is_wrong(at_ada: Client, visits: list[Appointment]) -> None:
    page = at_ada.post(url(visits[0]), {"first_day": "2027-04-12", "begin": "12:00", "words": "Please"})
    assert page.status_code == 422
    assert "Choose an earlier day." in page.content.decode()
    assert "Please</textarea>" in page.content.decode()
    assert not EarlierWish.objects.exists()


def test_nobody_else_s_visit_and_none_that_is_too_near(
    clinic: factories.Clinic, at_ada: Client, ada: Patient, visits: list[Appointment]
) -> None:
    other = factories.make_patient(clinic.site, given_name="Other", cleared=True)
    (theirs,) = make_visits(clinic, other, (DAYS[0],), hour=13)
    assert at_ada.get(url(theirs)).status_code == 404
    assert at_ada.post(url(theirs), {}).status_code == 404
    with clock.at_moment(visits[0].starts - timedelta(hours=2)):
        assert at_ada.get(url(visits[0])).status_code == 404
        assert url(visits[0]) not in at_ada.get("/my/").content.decode()
