"""Moving and cancelling one visit: old and new time, the reason kept, and two clerks on one visit."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import moving
from scheduling.models import Appointment, Hold
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import NOW, Clinic


@pytest.fixture
def visit(clerk: Client, harbor: Clinic, patient: Patient) -> Appointment:
    """The third of six booked infusions."""
    page = clerk.get(series_url(patient), wishes(harbor))
    clerk.post(series_url(patient), order(harbor, values(page, "starts")[0]))
    return Appointment.objects.get(number=3)


def move_url(visit: Appointment) -> str:
    return reverse("desk:move", args=[visit.pk])


def test_the_page_offers_times_that_keep_the_gaps(clerk: Client, visit: Appointment) -> None:
    page = clerk.get(move_url(visit))
    days = {clock.local(datetime.fromisoformat(one), visit.site.zone).date() for one in values(page, "starts")}
    before, after = (Appointment.objects.get(number=number) for number in (2, 4))
    assert days
    for day in days:
        assert (day - clock.local(before.starts, visit.site.zone).date()).days >= 2
        assert (clock.local(after.starts, visit.site.zone).date() - day).days >= 2


def test_moving_writes_the_new_time_the_reason_and_says_both_times(clerk: Client, visit: Appointment) -> None:
    new = values(clerk.get(move_url(visit)), "starts")[0]
    done = clerk.post(move_url(visit), {"starts": new, "version": visit.version, "reason": "The driver works."})
    assert done.status_code == 302
    moved = Appointment.objects.get(pk=visit.pk)
    assert moved.starts == datetime.fromisoformat(new)
    assert moved.status_reason == "The driver works."
    said = [str(message) for message in done.wsgi_request._messages]  # type: ignore[attr-defined]
    assert said[0].startswith("Moved from ")
    assert " to " in said[0]


def test_a_second_clerk_is_told_that_the_visit_was_changed(clerk: Client, harbor: Clinic, visit: Appointment) -> None:
    times = values(clerk.get(move_url(visit)), "starts")
    moving.move_visit(
        by=harbor.by(Role.MANAGER),
        appointment=visit,
        starts=datetime.fromisoformat(times[0]),
        reason="Asked by phone.",
        version=visit.version,
    )
    page = clerk.post(move_url(visit), {"starts": times[1], "version": visit.version, "reason": "The driver works."})
    assert page.status_code == 422
    assert "changed" in text(page)
    assert values(page, "reason") == ["The driver works."]
    assert Appointment.objects.get(pk=visit.pk).starts == datetime.fromisoformat(times[0])


def test_moving_needs_a_time_and_a_reason(clerk: Client, visit: Appointment) -> None:
    page = clerk.post(move_url(visit), {"version": visit.version})
    assert page.status_code == 422
    assert "Choose one of the times first; nothing was moved." in text(page)
    assert "Say why; the reason is kept with the visit." in text(page)


def test_moving_into_the_past_is_refused(clerk: Client, visit: Appointment) -> None:
    past = (NOW - timedelta(days=1)).isoformat()
    page = clerk.post(move_url(visit), {"starts": past, "version": visit.version, "reason": "Sooner."})
    assert page.status_code == 422
    assert "is in the past" in text(page)
    assert Appointment.objects.get(pk=visit.pk).starts == visit.starts


def test_the_search_begins_where_the_clerk_says(clerk: Client, visit: Appointment) -> None:
    page = clerk.get(move_url(visit), {"first_day": "2027-08-02"})
    assert values(page, "starts") == []
    assert "No free time in these two weeks keeps the gaps of the series." in text(page)


def test_cancelling_keeps_the_visit_and_frees_its_time(clerk: Client, visit: Appointment) -> None:
    url = reverse("desk:cancel", args=[visit.pk])
    page = clerk.get(url)
    assert "Its chair and nurse are free at once" in text(page)
    done = clerk.post(url, {"version": visit.version, "reason": "Has a cold."})
    assert done.status_code == 302
    gone = Appointment.objects.get(pk=visit.pk)
    assert (gone.status, gone.status_reason) == (Appointment.Status.CANCELLED, "Has a cold.")
    assert not Hold.objects.filter(appointment=gone).exists()


def test_cancelling_without_a_reason_is_refused_in_words(clerk: Client, visit: Appointment) -> None:
    page = clerk.post(reverse("desk:cancel", args=[visit.pk]), {"version": visit.version, "reason": " "})
    assert page.status_code == 422
    assert "Say why; the reason is kept with the visit." in text(page)


def test_a_visit_that_is_over_can_no_longer_be_moved(clerk: Client, harbor: Clinic, visit: Appointment) -> None:
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=visit, reason="Ill.", version=visit.version)
    assert "This visit can no longer be moved." in text(clerk.get(move_url(visit)))


def test_who_moves_from_the_board_comes_back_to_it_and_to_nowhere_else(clerk: Client, visit: Appointment) -> None:
    times = values(clerk.get(move_url(visit)), "starts")
    board = f"/board/{visit.site_id}/2027-04-06/"
    sent = {"starts": times[0], "version": visit.version, "reason": "Asked.", "next": board}
    assert clerk.post(move_url(visit), sent)["Location"] == board
    visit.refresh_from_db()
    sent |= {"starts": times[1], "version": visit.version, "next": "https://elsewhere.example/"}
    assert clerk.post(move_url(visit), sent)["Location"] == reverse("desk:patient", args=[visit.patient_id])
