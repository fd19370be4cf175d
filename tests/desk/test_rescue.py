"""Something has happened: two clicks from the board to the list, and what is ticked there is what is done."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.models import Closure
from clinic.permissions import Role
from scheduling.actions import outages
from scheduling.models import Appointment
from tests.desk.conftest import SignIn
from tests.desk.pages import text, values
from tests.factories import FIRST_DAY, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of
from tests.snapshot import everything


def injection(clinic: Clinic, hour: int, **fields: Any) -> Appointment:
    """One visit on the first day."""
    patient = make_patient(clinic.site, cleared=True, **fields)
    return visits_of(book(clinic, patient, [clinic.at(FIRST_DAY, hour)], version=clinic.injection))[0]


def snow(clinic: Clinic) -> Closure:
    """The site is closed on the first day."""
    begin, end = clock.day_bounds(FIRST_DAY, clinic.site.zone)
    return outages.record_outage(
        by=clinic.by(Role.FRONT_DESK), site=clinic.site, starts=begin, ends=end, reason="snow", key=uuid4()
    ).closure


def happened(clinic: Clinic) -> str:
    """The page on which something is written down for the first day."""
    return reverse("desk:happened", args=[clinic.site.pk, FIRST_DAY])


def listed(clinic: Clinic) -> str:
    """The list of visits without cover."""
    return reverse("desk:rescue", args=[clinic.site.pk])


def posted(page: object, **changes: object) -> dict[str, object]:
    """What the list would send as it stands."""
    data: dict[str, object] = {"reason": "snow", "key": values(page, "key")[0], "case": values(page, "case")}  # type: ignore[arg-type]
    for name in data["case"]:  # type: ignore[attr-defined]
        data[f"step-{name}"] = values(page, f"step-{name}")  # type: ignore[arg-type]
        data[f"choice-{name}"] = "take"
    return data | changes


def test_from_the_board_in_two_clicks_to_the_list(clerk: Client, harbor: Clinic) -> None:
    visit = injection(harbor, 9, given_name="Ada", family_name="Quill")
    board = clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY]))
    assert happened(harbor) in board.content.decode()
    page = clerk.get(happened(harbor))
    assert "Nurse 1" in text(page)
    assert "Chair 1" in text(page)
    typed = {name: values(page, name)[0] for name in ("first_day", "first_time", "last_day", "last_time", "key")}
    done = clerk.post(happened(harbor), typed | {"what": "site", "reason": "snow"}, follow=True)
    assert done.redirect_chain[-1][0] == listed(harbor)
    assert "Harbor is out. 1 visit has no cover now." in text(done)
    assert "Ada Quill" in text(done)
    closure = Closure.objects.get()
    assert (closure.starts, closure.reason) == (harbor.at(FIRST_DAY, 0), "snow")
    visit.refresh_from_db()
    assert visit.starts == harbor.at(FIRST_DAY, 9)


def test_a_nurse_writes_it_down_too_and_goes_back_to_the_board(signed_in: SignIn, harbor: Clinic) -> None:
    nurse = signed_in(Role.NURSE)
    page = nurse.get(happened(harbor))
    typed = {name: values(page, name)[0] for name in ("first_day", "first_time", "last_day", "last_time", "key")}
    done = nurse.post(happened(harbor), typed | {"what": str(harbor.chairs[0].public_id)}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("desk:board", args=[harbor.site.pk, FIRST_DAY])
    assert "Chair 1 is out; no visit loses its cover." in text(done)
    assert nurse.get(listed(harbor)).status_code == 403


def test_a_second_click_writes_it_down_once(clerk: Client, harbor: Clinic) -> None:
    page = clerk.get(happened(harbor))
    typed = {name: values(page, name)[0] for name in ("first_day", "first_time", "last_day", "last_time", "key")}
    for _ in range(2):
        clerk.post(happened(harbor), typed | {"what": "site"})
    assert Closure.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last_time": "00:00"}, "It ends after it starts"),
        ({"first_time": "soon"}, "not a time"),
        ({"what": "2f0c1a52-0000-4000-8000-000000000000"}, "nobody and nothing of this site"),
        ({"what": ""}, "Say who or what is out"),
    ],
)
def test_what_makes_no_sense_is_said_and_what_was_typed_is_kept(
    clerk: Client, harbor: Clinic, changes: dict[str, str], said: str
) -> None:
    typed = {
        "what": "site",
        "first_day": FIRST_DAY.isoformat(),
        "first_time": "08:00",
        "last_day": FIRST_DAY.isoformat(),
        "last_time": "12:00",
        "reason": "a burst pipe",
        "key": str(uuid4()),
    }
    page = clerk.post(happened(harbor), typed | changes)
    assert page.status_code == 422
    assert said in text(page)
    assert values(page, "reason") == ["a burst pipe"]
    assert not Closure.objects.exists()


def test_another_sites_chair_cannot_be_taken_out_here(clerk: Client, harbor: Clinic) -> None:
    other = make_clinic(name="Mesa")
    page = clerk.get(happened(harbor))
    typed = {name: values(page, name)[0] for name in ("first_day", "first_time", "last_day", "last_time", "key")}
    assert clerk.post(happened(harbor), typed | {"what": str(other.chairs[0].public_id)}).status_code == 422
    assert clerk.post(reverse("desk:outage_over", args=[snow(other).pk])).status_code == 404


def test_it_is_over_with_one_click(clerk: Client, harbor: Clinic) -> None:
    closure = snow(harbor)
    assert "Take it back" in text(clerk.get(happened(harbor))), "tomorrow's snow cannot be over yet"
    done = clerk.post(reverse("desk:outage_over", args=[closure.pk]), follow=True)
    assert "taken back, it had not begun" in text(done)
    assert not Closure.objects.exists()


def test_the_list_shows_old_beside_new_with_the_reason_and_taking_all_solves_it(clerk: Client, harbor: Clinic) -> None:
    visit = injection(harbor, 9)
    snow(harbor)
    page = clerk.get(listed(harbor))
    assert values(page, "reason") == ["snow"], "what was said when it happened need not be typed again"
    assert "Tue Apr 6, 9 a.m. Wed Apr 7, 9 a.m." in text(page)
    assert "The nearest day with room. The clinic is closed on Tue Apr 6." in text(page)
    done = clerk.post(listed(harbor), posted(page), follow=True)
    assert "1 visit has a new time; the patient is told." in text(done)
    assert "Every visit has its cover." in text(done)
    visit.refresh_from_db()
    assert visit.starts == harbor.at(FIRST_DAY + timedelta(days=1), 9)


def test_looking_at_the_list_changes_nothing(clerk: Client, harbor: Clinic) -> None:
    injection(harbor, 9)
    snow(harbor)
    before = everything()
    clerk.get(listed(harbor))
    assert everything() == before


def test_one_is_taken_one_called_first_and_one_left(clerk: Client, harbor: Clinic) -> None:
    visits = [injection(harbor, hour) for hour in (9, 11, 14)]
    snow(harbor)
    page = clerk.get(listed(harbor))
    data = posted(page)
    data[f"choice-{visits[1].pk}"], data[f"choice-{visits[2].pk}"] = "call", "leave"
    done = clerk.post(listed(harbor), data, follow=True)
    assert "1 visit has a new time; the patient is told. 2 visits are left without cover." in text(done)
    assert "Call the patient about a new time: snow" in text(done)
    assert set(values(done, "case")) == {str(visits[1].pk), str(visits[2].pk)}


def test_without_a_reason_nothing_moves_and_the_choices_are_kept(clerk: Client, harbor: Clinic) -> None:
    visit = injection(harbor, 9)
    snow(harbor)
    page = clerk.get(listed(harbor))
    again = clerk.post(listed(harbor), posted(page, reason=""))
    assert again.status_code == 422
    assert "Say what happened" in text(again)
    visit.refresh_from_db()
    assert visit.starts == harbor.at(FIRST_DAY, 9)


@pytest.mark.parametrize("step", ["x", "no-id 0 -", "2f0c1a52-0000-4000-8000-000000000000 0 2027-04-07T09:00:00"])
def test_a_list_that_was_tampered_with_is_refused_in_words(clerk: Client, harbor: Clinic, step: str) -> None:
    visit = injection(harbor, 9)
    snow(harbor)
    page = clerk.get(listed(harbor))
    again = clerk.post(listed(harbor), posted(page, **{f"step-{visit.pk}": [step]}))
    assert again.status_code == 422
    assert "could not be read any more" in text(again)


def test_a_list_that_is_old_says_so_and_shows_what_is_left(clerk: Client, harbor: Clinic) -> None:
    injection(harbor, 9)
    snow(harbor)
    page = clerk.get(listed(harbor))
    clerk.post(listed(harbor), posted(page))
    again = clerk.post(listed(harbor), posted(page, key=str(uuid4())))
    assert again.status_code == 422
    assert "Somebody has changed the visit of" in text(again)


def test_who_has_no_place_stands_on_top_to_be_called(clerk: Client, harbor: Clinic) -> None:
    visit = injection(harbor, 9)
    harbor.site.opening_hours.all().delete()
    page = clerk.get(listed(harbor))
    assert text(page).index("No place found") < text(page).index(visit.patient.name)
    assert "No open day keeps the days between the visits" in text(page)
    assert "checked" in page.content.decode().split('value="call"')[1].split(">")[0]


def test_another_sites_visits_are_not_moved_from_here(clerk: Client, harbor: Clinic) -> None:
    other = make_clinic(name="Mesa")
    visit = injection(other, 9)
    snow(other)
    assert clerk.get(listed(other)).status_code == 404
    step = f"{visit.pk} 0 {other.at(FIRST_DAY + timedelta(days=1), 9).isoformat()}"
    data = {"reason": "x", "key": str(uuid4()), "case": ["a"], "choice-a": "take", "step-a": [step]}
    assert clerk.post(listed(harbor), data).status_code == 422
    visit.refresh_from_db()
    assert visit.starts == other.at(FIRST_DAY, 9)


def test_the_work_list_and_the_board_name_visits_without_cover_until_they_are_solved(
    clerk: Client, harbor: Clinic
) -> None:
    visit = injection(harbor, 9)
    assert "left without cover" not in text(clerk.get("/", follow=True))
    closure = snow(harbor)
    home = text(clerk.get("/", follow=True))
    assert f"Visits left without cover, Harbor 1 {visit.patient.name} (record {visit.patient.record_number})" in home
    board = text(clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY])))
    assert "1 visit of this day has no cover" in board
    clerk.post(reverse("desk:outage_over", args=[closure.pk]))
    assert "left without cover" not in text(clerk.get("/", follow=True))
