"""Somebody was quicker: what is found next is kept for a few minutes, so that nobody loses twice."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest

from clinic import clock, locks
from clinic.errors import JustTaken, NotAllowed, Refused
from clinic.models import Closure
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import offers
from scheduling.actions.next_best import KEPT_FOR, keep_next_best
from scheduling.models import Hold, Offer, Series
from scheduling.selectors import swapping
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import at_once, best_starts, book, overlaps_in_holds, series_order, visits_of

pytestmark = pytest.mark.django_db(transaction=True)
CLERKS = 6


def keep_next(
    clinic: Clinic, patient: Patient, role: Role = Role.FRONT_DESK, starts: Sequence[datetime] = ()
) -> Offer | None:
    """Keep what is nearest now to the plan with these starts; the best where none are given."""
    found = keep_next_best(
        by=clinic.by(role),
        order=series_order(clinic, patient, starts),
        fixed={},
    )
    return found.offer if found is not None else None


def test_of_the_plan_that_came_too_late_only_what_was_taken_moves() -> None:
    clinic = make_clinic(chairs=1)
    late = make_patient(clinic.site, cleared=True)
    wanted = best_starts(clinic, late)
    book(clinic, make_patient(clinic.site, cleared=True), [wanted[2]], version=clinic.injection)
    found = keep_next_best(
        by=clinic.by(Role.FRONT_DESK),
        order=series_order(clinic, late, wanted),
        fixed={},
    )
    assert found is not None
    kept = list(offers.order_of(found.offer).starts)
    assert [number for number, pair in enumerate(zip(kept, wanted, strict=True)) if pair[0] != pair[1]] == [2]
    assert dict(found.worked.was) == {3: wanted[2]}
    assert found.worked.lost == frozenset({3})


def test_the_best_plan_that_is_left_is_kept_for_five_minutes_with_its_reasons() -> None:
    clinic = make_clinic(chairs=1)
    starts = best_starts(clinic, make_patient(clinic.site, cleared=True))
    book(clinic, make_patient(clinic.site, cleared=True), starts)
    late = make_patient(clinic.site, cleared=True)
    expected = best_starts(clinic, late)
    offer = keep_next(clinic, late)
    assert offer is not None
    assert list(offers.order_of(offer).starts) == expected != starts
    assert offer.expires_at == NOW + timedelta(minutes=5) == NOW + KEPT_FOR
    assert "first_possible_day" in {reason["code"] for reason in offer.plan["reasons"][0]}
    with pytest.raises(JustTaken):
        book(clinic, make_patient(clinic.site, cleared=True), expected)
    series = offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())
    assert [visit.starts for visit in visits_of(series)] == expected


def test_what_was_kept_and_not_taken_is_free_again() -> None:
    clinic = make_clinic(chairs=1)
    first, second = (make_patient(clinic.site, cleared=True) for _ in range(2))
    offer = keep_next(clinic, first)
    assert offer is not None
    with clock.at_moment(offer.expires_at):
        again = keep_next(clinic, second)
    assert again is not None
    assert again.plan["starts"] == offer.plan["starts"]
    assert set(Hold.objects.values_list("offer", flat=True)) == {again.pk}


def test_nothing_is_kept_where_nothing_is_left() -> None:
    clinic = make_clinic()
    Closure.objects.create(site=clinic.site, starts=NOW, ends=NOW + timedelta(days=90), reason="works")
    assert keep_next(clinic, make_patient(clinic.site, cleared=True)) is None
    assert not Offer.objects.exists()


def test_who_may_not_be_booked_is_refused_and_who_may_not_book_too() -> None:
    clinic = make_clinic()
    with pytest.raises(Refused, match="no longer in care"):
        keep_next(clinic, make_patient(clinic.site, cleared=True, is_active=False))
    with pytest.raises(NotAllowed):
        keep_next(clinic, make_patient(clinic.site, cleared=True), Role.NURSE)
    assert not Hold.objects.exists()


def by_what_is_kept(clinic: Clinic, patient: Patient) -> Series:
    """The second try as the page makes it."""
    offer = keep_next(clinic, patient)
    assert offer is not None
    return offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())


def second_tries(second_try: Callable[[Clinic, Patient], Series]) -> list[str]:
    """CLERKS clerks have lost the first time; what becomes of them when all try again at once, by the type's name."""
    clinic = make_clinic(chairs=2, nurses=2)
    patients = [make_patient(clinic.site, cleared=True) for _ in range(CLERKS)]
    results = at_once([partial(second_try, clinic, patient) for patient in patients])
    assert overlaps_in_holds() == 0
    return sorted(type(result).__name__ for result in results)


def test_all_who_lost_book_at_the_second_try() -> None:
    assert second_tries(by_what_is_kept) == ["Series"] * CLERKS


def test_control_by_looking_again_only_they_lose_again() -> None:
    looked = Barrier(CLERKS)

    def look_and_book(clinic: Clinic, patient: Patient) -> Series:
        starts = best_starts(clinic, patient)
        looked.wait(timeout=30)
        return book(clinic, patient, starts)

    assert "JustTaken" in second_tries(look_and_book)


def test_control_without_its_locks_what_is_kept_is_lost_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    look, looked = swapping.best_plans, Barrier(CLERKS)

    def look_together(*args: object) -> object:
        found = look(*args)  # type: ignore[arg-type]
        looked.wait(timeout=30)
        return found

    monkeypatch.setattr(swapping, "best_plans", look_together)
    monkeypatch.setattr(locks, "take", lambda wanted: None)
    assert "JustTaken" in second_tries(by_what_is_kept)
