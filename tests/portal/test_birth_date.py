"""Nothing clinical is shown before the birth date is given; wrong answers are counted, then it is shut for a while."""

from datetime import date, timedelta

import pytest
from django.test import Client

from clinic import clock
from patients.models import Observation, Patient
from scheduling.actions import birth_date as proof
from scheduling.messages import links
from scheduling.models import Appointment, BirthDateMiss, Link, ProtocolText
from tests import factories
from tests.desk.pages import text
from tests.portal.conftest import make_driver, open_link

pytestmark = pytest.mark.django_db

URL, SCORE = "/my/birth-date/", "/my/score/"
ASKED = "/my/birth-date/?next=%2Fmy%2Fscore%2F"


def parts(born: date) -> dict[str, str]:
    """A date as the form takes it."""
    return {"month": str(born.month), "day": str(born.day), "year": str(born.year)}


def wrong(ada: Patient) -> dict[str, str]:
    """A birth date that is not hers."""
    return parts(ada.birth_date + timedelta(days=1))


@pytest.fixture
def known(at_ada: Client, ada: Patient, visits: list[Appointment]) -> Client:
    """The browser in which the birth date was given."""
    assert at_ada.post(URL, parts(ada.birth_date))["Location"] == SCORE
    return at_ada


def test_a_score_asks_for_the_birth_date_first(at_ada: Client, ada: Patient, visits: list[Appointment]) -> None:
    assert at_ada.get(SCORE)["Location"] == ASKED
    assert at_ada.post(SCORE, {"value": "4"})["Location"] == ASKED
    assert not Observation.objects.exists()
    assert "birth date" in text(at_ada.get(URL))


def test_the_dates_are_seen_without_it(at_ada: Client, visits: list[Appointment]) -> None:
    page = text(at_ada.get("/my/"))

    assert "Monday, April 12, 2027" in page
    assert "pain" not in page.casefold()


def test_the_right_one_opens_what_is_clinical_in_this_browser_only(known: Client, ada: Patient) -> None:
    assert known.get(SCORE).status_code == 200
    other = open_link(Client(), links.issue(patient=ada, purpose=Link.Purpose.PATIENT))
    assert other.get(SCORE)["Location"] == ASKED


def test_nobody_is_led_off_the_pages_behind_the_link(at_ada: Client, ada: Patient, visits: list[Appointment]) -> None:
    for elsewhere in ("https://example.org/my/", "//example.org/my/", "/accounts/login/", "/my/\\example.org"):
        client = open_link(Client(), links.issue(patient=ada, purpose=Link.Purpose.PATIENT))
        led_to = client.post(f"{URL}?next={elsewhere}", parts(ada.birth_date))["Location"]
        assert led_to.startswith("/my/"), elsewhere


def test_another_link_in_the_same_browser_asks_again(known: Client, ada: Patient) -> None:
    open_link(known, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    assert known.get(SCORE)["Location"] == ASKED


def test_changing_the_language_asks_nothing_again(known: Client) -> None:
    known.post("/my/language/", {"language": "es"})

    assert known.get(SCORE).status_code == 200


def test_a_wrong_one_says_so_and_how_often_there_may_be_more(
    at_ada: Client, ada: Patient, visits: list[Appointment]
) -> None:
    response = at_ada.post(URL, wrong(ada))

    assert response.status_code == 422
    assert "You can try 4 more times" in text(response)
    assert str(ada.birth_date.year) not in text(response)


def test_after_five_it_is_shut_for_an_hour_even_for_the_right_one_and_through_another_link(
    at_ada: Client, ada: Patient, visits: list[Appointment]
) -> None:
    for _ in range(proof.MOST_MISSES):
        last = at_ada.post(URL, wrong(ada))
    other = open_link(Client(), links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    for response in (last, at_ada.post(URL, parts(ada.birth_date)), other.post(URL, parts(ada.birth_date))):
        assert response.status_code == 429
        assert "nothing is asked here before 10 a.m." in text(response)
        assert "(518) 555-0100" in text(response)
    assert at_ada.get("/my/").status_code == 200, "the visits can still be seen"
    with clock.at_moment(factories.NOW + proof.SHUT_FOR):
        assert other.post(URL, parts(ada.birth_date)).status_code == 302


def test_wrong_answers_are_counted_for_each_patient_alone(
    at_ada: Client, clinic: factories.Clinic, ada: Patient, visits: list[Appointment]
) -> None:
    bob = factories.make_patient(clinic.site)
    for _ in range(proof.MOST_MISSES):
        at_ada.post(URL, wrong(ada))

    at_bob = open_link(Client(), links.issue(patient=bob, purpose=Link.Purpose.PATIENT))

    assert at_bob.post(URL, parts(bob.birth_date)).status_code == 302


@pytest.mark.parametrize(
    "typed", [{}, {"month": "2", "day": "30", "year": "1980"}, {"month": "x", "day": "", "year": "80"}]
)
def test_what_is_no_date_is_said_and_not_counted(
    at_ada: Client, visits: list[Appointment], typed: dict[str, str]
) -> None:
    response = at_ada.post(URL, typed)

    assert response.status_code == 422
    assert "This is not a birth date." in text(response)
    assert not BirthDateMiss.objects.exists()


def test_a_companion_is_not_even_asked(client: Client, ada: Patient) -> None:
    ben = make_driver(ada, "Ben Quill", email="ben@example.org")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben))

    assert client.get(URL).status_code == 403
    assert client.get(SCORE).status_code == 403


def test_a_score_told_otherwise_today_is_not_called_the_pages_own(known: Client, ada: Patient) -> None:
    Observation.objects.create(
        patient=ada, measure="pain", value=7, effective_at=clock.now(), source="patient", source_id="by telephone"
    )
    assert "Change today" not in text(known.get(SCORE))
    known.post(SCORE, {"value": "4"})
    assert "Change today" in text(known.get(SCORE))
    assert Observation.objects.count() == 2


def test_todays_score_is_kept_once_a_day_and_the_newest_counts(known: Client, ada: Patient) -> None:
    known.post(SCORE, {"value": "7"})
    known.post(SCORE, {"value": "7"})
    page = known.post(SCORE, {"value": "4"}, follow=True)

    (score,) = Observation.objects.all()
    assert (score.patient, score.measure, int(score.value), score.source) == (ada, "pain", 4, "patient")
    assert "Your answer for today is kept" in text(page)
    with clock.at_moment(factories.NOW + timedelta(days=1)):
        known.post(URL, parts(ada.birth_date))
        open_link(known, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))
        known.post(URL, parts(ada.birth_date))
        known.post(SCORE, {"value": "3"})
    assert [int(one.value) for one in Observation.objects.order_by("effective_at")] == [4, 3]


@pytest.mark.parametrize("typed", ["", "11", "-1", "x"])
def test_a_score_that_is_none_is_said(known: Client, typed: str) -> None:
    response = known.post(SCORE, {"value": typed})

    assert response.status_code == 422
    assert not Observation.objects.exists()


def test_what_not_to_take_is_read_once_the_birth_date_is_given(
    at_ada: Client, ada: Patient, visits: list[Appointment]
) -> None:
    ProtocolText.objects.filter(language="en").update(medicines="Leave out the blue tablets.")
    page = text(at_ada.get("/my/"))
    assert "blue tablets" not in page
    assert "Eat nothing before you come." in page, "what says nothing about anybody stays"
    assert "Your doctor has a note for you." in page

    led = at_ada.post("/my/birth-date/?next=/my/%23medicines", parts(ada.birth_date))

    assert led["Location"] == "/my/#medicines"
    assert "Leave out the blue tablets." in text(at_ada.get("/my/"))
