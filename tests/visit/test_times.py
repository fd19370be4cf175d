"""Times are stamped by the server and corrected with a reason; what was stays readable."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused, Stale
from clinic.permissions import Role
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_drip import pause, resume
from scheduling.actions.visit_notes import note_effects, record_event, record_reading, tell_doctor
from scheduling.actions.visit_times import correct_time
from scheduling.models import Appointment, TimeCorrection, VisitRecord
from scheduling.selectors.visits import phase_due
from tests.factories import NOW
from tests.visit.conftest import Ward
from tests.visit.worlds import name_ride


@pytest.fixture
def running(ward: Ward) -> Ward:
    """Arrived at NOW, started ten minutes later; it is now twenty past."""
    by = ward.clinic.by(Role.NURSE)
    name_ride(ward.visit, ward.companion)
    arrive(by=by, appointment=ward.visit)
    with at(10):
        start(by=by, appointment=ward.visit)
    return ward


def at(minutes: int) -> Any:
    return clock.at_moment(NOW + timedelta(minutes=minutes))


def correct(
    ward: Ward,
    stamp: str,
    minutes: int,
    *,
    before: datetime | None = None,
    reason: str = "Late entry",
    now: int = 20,
) -> None:
    record = VisitRecord.objects.get(appointment=ward.visit)
    was = before or getattr(record, f"{stamp}_at")
    with at(now):
        correct_time(
            by=ward.clinic.by(Role.NURSE),
            appointment=ward.visit,
            stamp=stamp,
            before=was,
            after=NOW + timedelta(minutes=minutes),
            reason=reason,
        )


def test_a_corrected_time_keeps_what_was_why_and_by_whom(running: Ward) -> None:
    before = set(running.visit.holds.values_list("pk", "start_cell", "end_cell"))
    correct(running, "started", 5, reason="The tablet had no network")
    assert VisitRecord.objects.get().started_at == NOW + timedelta(minutes=5)
    row = TimeCorrection.objects.get()
    assert (row.before, row.after) == (NOW + timedelta(minutes=10), NOW + timedelta(minutes=5))
    assert (row.reason, row.corrected_by) == ("The tablet had no network", running.clinic.nurses[0].user)
    assert set(running.visit.holds.values_list("pk", "start_cell", "end_cell")) == before


def test_a_time_is_not_corrected_without_a_reason_or_into_the_future(running: Ward) -> None:
    with pytest.raises(Refused, match="Say why"):
        correct(running, "started", 5, reason=" ")
    with pytest.raises(Refused, match="has not come yet"):
        correct(running, "started", 21)


def test_no_correction_turns_the_visit_around(running: Ward) -> None:
    with pytest.raises(Refused, match="turn them around"):
        correct(running, "arrived", 11)
    with pytest.raises(Refused, match="turn them around"):
        correct(running, "started", -1)


def test_the_second_of_two_who_correct_one_time_is_told_by_whom(running: Ward) -> None:
    shown = VisitRecord.objects.get().started_at
    correct(running, "started", 5, before=shown)
    with pytest.raises(Stale, match=r"Nurse 1 has corrected this time meanwhile: it is 9:05 a\.m\. now"):
        correct(running, "started", 7, before=shown)
    assert VisitRecord.objects.get().started_at == NOW + timedelta(minutes=5)


def test_the_time_of_a_reading_is_corrected_on_its_page(running: Ward) -> None:
    nurse = running.signed_in(Role.NURSE)
    with at(15):
        reading = record_reading(
            by=running.clinic.by(Role.NURSE), appointment=running.visit, values={"systolic": 120, "diastolic": 80}
        )
    url = f"{reverse('nurse:change', args=[running.visit.pk])}?what=reading&note={reading.pk}"
    with at(20):
        page = nurse.get(url).content.decode()
        assert "Set right: Reading of 9:15 a.m." in page, "on the clock of the site"
        before = page.split('name="before" value="')[1].split('"')[0]
        refused = nurse.post(url, {"day": "2027-04-05", "time": "09:12", "reason": "", "before": before})
        assert refused.status_code == 422
        assert 'value="09:12"' in refused.content.decode()
        nurse.post(url, {"day": "2027-04-05", "time": "09:12", "reason": "Written down later", "before": before})
    reading.refresh_from_db()
    assert reading.at == NOW + timedelta(minutes=12)
    assert reading.recorded_at == NOW + timedelta(minutes=15)
    assert "Written down later" in nurse.get(url).content.decode()


@pytest.mark.parametrize("what", ["started&note=x", "nothing", "reading&note=not-an-id", "recovery"])
def test_a_time_that_the_visit_does_not_have_is_no_page(ward: Ward, what: str) -> None:
    assert (
        ward.signed_in(Role.NURSE).get(f"{reverse('nurse:change', args=[ward.visit.pk])}?what={what}").status_code
        == 404
    )


def corrected(ward: Ward, stamp: str, note: Any, column: str, minutes: int, now: int = 50) -> None:
    """Set the time of a note of the visit to `minutes` after NOW."""
    with at(now):
        correct_time(
            by=ward.clinic.by(Role.NURSE),
            appointment=ward.visit,
            stamp=stamp,
            note_id=note.pk,
            before=getattr(note, column),
            after=NOW + timedelta(minutes=minutes),
            reason="Written down later",
        )
    note.refresh_from_db()


@pytest.fixture
def written(running: Ward) -> dict[str, Any]:
    """A pause from 20 to 30 past, a side effect, and an event of which a doctor was told at 35 past."""
    by, visit = running.clinic.by(Role.NURSE), running.visit
    with at(20):
        paused = pause(by=by, appointment=visit, why="line")
    with at(30):
        resume(by=by, appointment=visit)
        (effect,) = note_effects(by=by, appointment=visit, kinds=["nausea"], strength="mild")
        event = record_event(by=by, appointment=visit, what="A fall", severity="mild", action_taken="Helped up")
    with at(35):
        tell_doctor(by=by, appointment=visit, doctor=running.clinic.doctor)
    paused.refresh_from_db()
    event.refresh_from_db()
    return {"paused": paused, "resumed": paused, "effect": effect, "event": event, "told": event}


@pytest.mark.parametrize(
    ("stamp", "column", "minutes"),
    [
        ("paused", "since", 18),
        ("resumed", "until", 32),
        ("effect", "at", 25),
        ("event", "at", 28),
        ("told", "told_at", 31),
    ],
)
def test_every_time_at_the_chair_is_corrected_with_a_reason_on_its_page(
    running: Ward, written: dict[str, Any], stamp: str, column: str, minutes: int
) -> None:
    note = written[stamp]
    url = reverse("nurse:change", args=[running.visit.pk]) + f"?what={stamp}&note={note.pk}"
    nurse = running.signed_in(Role.NURSE)
    with at(50):
        shown = nurse.get(reverse("nurse:visit", args=[running.visit.pk])).content.decode()
        assert f"?what={stamp}&amp;note={note.pk}" in shown
        before = nurse.get(url).content.decode().split('name="before" value="')[1].split('"')[0]
        typed = {"day": "2027-04-05", "time": f"09:{minutes}", "before": before}
        assert nurse.post(url, typed | {"reason": ""}).status_code == 422
        nurse.post(url, typed | {"reason": "Written down later"})
    note.refresh_from_db()
    assert getattr(note, column) == NOW + timedelta(minutes=minutes)
    row = TimeCorrection.objects.get()
    assert (row.stamp, row.note_id, row.reason) == (stamp, note.pk, "Written down later")


def test_a_corrected_pause_moves_the_end_of_the_drip_with_it(running: Ward, written: dict[str, Any]) -> None:
    with at(50):
        before = phase_due(Appointment.objects.get(pk=running.visit.pk))
    corrected(running, "resumed", written["resumed"], "until", 35)
    with at(50):
        after = phase_due(Appointment.objects.get(pk=running.visit.pk))
    assert before is not None
    assert after == before + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("stamp", "column", "minutes", "words"),
    [
        ("paused", "since", 9, "A pause lies between the start"),
        ("paused", "since", 31, "A pause lies between the start"),
        ("resumed", "until", 19, "A pause lies between the start"),
        ("told", "told_at", 29, "told of what has happened already"),
        ("event", "at", 36, "told of what has happened already"),
    ],
)
def test_no_correction_of_a_note_turns_it_around(
    running: Ward, written: dict[str, Any], stamp: str, column: str, minutes: int, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        corrected(running, stamp, written[stamp], column, minutes)
    assert not TimeCorrection.objects.exists()


def test_the_start_is_not_corrected_past_a_pause(running: Ward, written: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="A pause lies between the start"):
        correct(running, "started", 21, now=40)


def test_a_reading_is_of_before_or_during_the_drip_by_its_corrected_time(running: Ward) -> None:
    with at(15):
        reading = record_reading(by=running.clinic.by(Role.NURSE), appointment=running.visit, values={"pulse": 70})
    assert reading.stage == "during"
    corrected(running, "reading", reading, "at", 8)
    assert reading.stage == "before"
    correct(running, "started", 7)
    reading.refresh_from_db()
    assert reading.stage == "during"


def test_a_pause_can_be_set_right_but_not_struck_out(running: Ward, written: dict[str, Any]) -> None:
    url = f"{reverse('nurse:change', args=[running.visit.pk])}?what=paused&note={written['paused'].pk}"
    nurse = running.signed_in(Role.NURSE)
    assert "Strike it out" not in nurse.get(url).content.decode()
    assert nurse.post(url, {"strike": "1", "strike_reason": "No"}).status_code == 302
    written["paused"].refresh_from_db()
    assert written["paused"].until is not None
