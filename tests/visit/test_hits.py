"""What a fact collides with: whom a late start, an overrun or another chair hits, and the shift that is offered."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused
from clinic.models import StaffMember
from clinic.permissions import Role
from scheduling.actions.moving import shift_later
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_drip import note_place
from scheduling.models import Appointment, Hold
from scheduling.selectors.hits import Hit, hits_at
from tests.factories import NOW
from tests.visit.conftest import Ward
from tests.visit.worlds import make_visit, name_ride

#: The first visit: 15 minutes to prepare, 40 of drip, 60 of recovery, 10 to clean; the next begins right after it.
NEXT = timedelta(minutes=125)


@pytest.fixture
def running(ward: Ward) -> Ward:
    """A drip that started on time, at quarter past, and a patient who is to have the same chair afterwards."""
    by = ward.clinic.by(Role.NURSE)
    name_ride(ward.visit, ward.companion)
    arrive(by=by, appointment=ward.visit)
    with at(15):
        start(by=by, appointment=ward.visit)
    return ward


def at(minutes: int) -> Any:
    return clock.at_moment(NOW + timedelta(minutes=minutes))


def found(ward: Ward) -> list[Hit]:
    return hits_at(ward.clinic.site, clock.today(ward.clinic.site.zone), now=clock.now())


def after(ward: Ward, minutes: int = 125, **fields: Any) -> Appointment:
    return make_visit(ward.clinic, starts=NOW + timedelta(minutes=minutes), cleared=True, **fields)


def test_a_visit_that_goes_as_planned_hits_nobody(running: Ward) -> None:
    after(running)
    with at(20):
        assert found(running) == []


def test_a_drip_that_runs_over_hits_who_comes_next_on_the_chair_and_a_legal_later_time_is_offered(
    running: Ward,
) -> None:
    late = after(running)
    with at(70):  # the drip should have been out at 55
        (hit,) = found(running)
    assert (hit.visit, hit.cause, hit.what) == (late, running.visit, "Chair 1")
    assert hit.until == NOW + timedelta(minutes=140)
    assert hit.slot is not None
    assert hit.slot.starts >= hit.until
    assert hit.minutes == 25, "to the next quarter of the hour"
    assert hit.other_chairs == ("Chair 2", "Chair 3")


def test_a_late_start_hits_before_the_drip_runs(ward: Ward) -> None:
    late = after(ward)
    name_ride(ward.visit, ward.companion)
    with at(40):
        arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
        assert [hit.visit for hit in found(ward)] == [late]


def test_another_chair_hits_whom_it_was_planned_for(running: Ward) -> None:
    other = after(running, 60, chair=1, nurse=1)
    with at(20):
        assert found(running) == []
        note_place(
            by=running.clinic.by(Role.NURSE),
            appointment=running.visit,
            chair=running.clinic.chairs[1],
            nurse=None,
        )
        (hit,) = found(running)
        assert (hit.visit, hit.what, hit.is_chair) == (other, "Chair 2", True)
        assert hit.other_chairs == ("Chair 1", "Chair 3"), "the one that was left is free in fact"


def test_another_nurse_who_would_watch_too_many_hits_her_own(running: Ward) -> None:
    nurse = running.clinic.nurses[1]
    other = after(running, 30, chair=1, nurse=1, watch=nurse.watch_limit)
    with at(20):
        assert found(running) == []
        note_place(by=running.clinic.by(Role.NURSE), appointment=running.visit, chair=None, nurse=nurse)
        assert [(hit.visit, hit.what) for hit in found(running)] == [(other, "Nurse 2")]


def test_one_click_moves_the_visit_out_of_the_way_and_tells_the_patient_once(running: Ward) -> None:
    late = after(running)
    desk = running.signed_in(Role.FRONT_DESK)
    with at(70):
        (hit,) = found(running)
        assert hit.slot is not None
        data = {"starts": hit.slot.starts.isoformat(), "version": late.version, "reason": "The chair is not free."}
        page = desk.get(reverse("nurse:visit", args=[running.visit.pk])).content.decode()
        assert "25 min later" in page
        desk.post(reverse("nurse:shift", args=[late.pk]), data)
        late.refresh_from_db()
        assert late.starts == hit.slot.starts
        assert late.messages.filter(kind="moved").count() == 1
        assert found(running) == []
        answer = desk.post(reverse("nurse:shift", args=[late.pk]), data, follow=True)
        assert "Somebody else has changed this visit" in answer.content.decode()


def test_the_nurse_who_sees_the_overrun_shifts_whom_it_hits_and_may_book_nothing_else(running: Ward) -> None:
    late = after(running)
    nurse = running.signed_in(Role.NURSE)
    with at(70):
        (hit,) = found(running)
        page = nurse.get(reverse("nurse:home")).content.decode()
        assert reverse("nurse:shift", args=[late.pk]) in page
        assert reverse("desk:move", args=[late.pk]) not in page
        assert nurse.get(reverse("desk:move", args=[late.pk])).status_code == 403
        assert hit.slot is not None
        data = {"starts": hit.slot.starts.isoformat(), "version": late.version, "reason": "The chair is not free."}
        answer = nurse.post(reverse("nurse:shift", args=[late.pk]), data, follow=True)
    assert "; patient and companion are told." in answer.content.decode()
    late.refresh_from_db()
    assert late.starts == hit.slot.starts


@pytest.mark.parametrize(
    ("minutes", "starts_in", "words"),
    [
        (20, 150, "Nobody is in the way of this visit any more"),
        (70, 110, "only moves to a later time of the same day"),
        (70, 60 * 24, "only moves to a later time of the same day"),
    ],
)
def test_a_visit_is_shifted_only_while_one_is_in_its_way_and_only_to_later_on_the_day(
    running: Ward, minutes: int, starts_in: int, words: str
) -> None:
    late = after(running)
    with at(minutes), pytest.raises(Refused, match=words):
        shift_later(
            by=running.clinic.by(Role.NURSE),
            appointment=late,
            starts=NOW + timedelta(minutes=starts_in),
            reason="The chair is not free.",
            version=late.version,
        )
    late.refresh_from_db()
    assert late.starts == NOW + NEXT


def hand_over(visit: Appointment, nurse: StaffMember, minutes: int) -> None:
    """From `minutes` after its start on, the visit is planned to be watched by another nurse."""
    watched = visit.holds.get(first_unit=1)
    cell = watched.start_cell + minutes // 5
    end, watched.end_cell = watched.end_cell, cell
    watched.save(update_fields=["end_cell"])
    fields = {"first_unit": 1, "end_unit": 2, "capacity": nurse.resource.capacity, "phase": 0}
    Hold.objects.create(appointment=visit, resource=nurse.resource, start_cell=cell, end_cell=end, **fields)


def test_a_nurse_who_hands_the_watch_over_as_planned_is_free_from_then_on(running: Ward) -> None:
    first, second = running.clinic.nurses[0], running.clinic.nurses[1]
    hand_over(running.visit, second, 60)
    after(running, 60, chair=1, watch=first.watch_limit)
    with at(20):
        assert found(running) == []
        note_place(by=running.clinic.by(Role.NURSE), appointment=running.visit, chair=None, nurse=first)
        assert found(running) == [], "whoever is recorded still hands over as planned"


def test_whoever_takes_the_watch_over_as_planned_has_that_much_less_for_her_own(running: Ward) -> None:
    second = running.clinic.nurses[1]
    hand_over(running.visit, second, 60)
    other = after(running, 120, chair=1, nurse=1, watch=second.watch_limit)
    with at(20):
        assert found(running) == []
    with at(70):  # the drip should have been out at 55
        (hit,) = found(running)
    assert (hit.visit, hit.what, hit.is_chair) == (other, "Nurse 2", False)
    assert hit.until == NOW + timedelta(minutes=130)


def test_the_day_board_asks_for_them_by_itself(running: Ward) -> None:
    after(running)
    desk = running.signed_in(Role.FRONT_DESK)
    site = running.clinic.site
    with at(70):
        board = desk.get(reverse("desk:board", args=[site.pk, clock.today(site.zone)])).content.decode()
        assert reverse("nurse:hits", args=[site.pk]) in board
        part = desk.get(reverse("nurse:hits", args=[site.pk]), headers={"HX-Request": "true"}).content.decode()
        page = desk.get(reverse("nurse:hits", args=[site.pk])).content.decode()
    assert "25 min later" in part
    assert "<html" not in part
    assert "25 min later" in page


def test_looking_for_hits_takes_as_many_queries_with_many_visits(running: Ward) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert found(running) == []
        return len(caught)

    with at(20):
        after(running, 130)
        few = queries()
        for hours in range(1, 6):
            after(running, 150 * hours, chair=1, nurse=1)
        assert queries() == few
