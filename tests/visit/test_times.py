"""Times are stamped by the server and corrected with a reason; what was stays readable."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused, Stale
from clinic.permissions import Role
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_notes import record_reading
from scheduling.actions.visit_times import correct_time
from scheduling.models import TimeCorrection, VisitRecord
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
    ward: Ward, stamp: str, minutes: int, *, before: datetime | None = None, reason: str = "Late entry"
) -> None:
    record = VisitRecord.objects.get(appointment=ward.visit)
    was = before or getattr(record, f"{stamp}_at")
    with at(20):
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
