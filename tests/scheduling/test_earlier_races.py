"""Two patients say yes to one time at the same moment: exactly one gets it.

Real threads with their own connections. The control takes away the locks, the look under them and the constraint, and
sees both get it: so the harness could see a double.
"""

from collections import Counter
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from clinic import locks
from clinic.actor import Actor
from clinic.errors import Refused
from scheduling.actions import earlier_answers
from scheduling.models import Appointment, Invitation, Offer
from tests.scheduling.earlier_list import asked, two_asked
from tests.scheduling.helpers import as_owner, at_once, overlaps_in_holds

pytestmark = pytest.mark.django_db(transaction=True)
CONSTRAINT = "invitation_first_gets_it"


def race() -> Counter[str]:
    """Both say yes at once; what each got: a visit, or the word for why not."""
    _, made, both = two_asked()
    results = at_once(
        [
            partial(earlier_answers.accept, by=Actor("patient", str(one.patient_id), "Ada"), invitation=one)
            for one in both
        ]
    )
    assert Appointment.objects.filter(version=1).count() == sum(isinstance(one, Appointment) for one in results)
    assert {one.status for one in asked(made)} <= {"accepted", "taken", "open"}
    return Counter(one.code if isinstance(one, Refused) else type(one).__name__ for one in results)


def look_together_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look before either writes, as if nothing were locked and nobody looked whether the offer is still open."""
    together = Barrier(2)

    def as_they_are(invitation: Invitation) -> tuple[Offer, Invitation]:
        offer = Offer.objects.select_related("site").get(pk=invitation.offer_id)
        mine = Invitation.objects.select_related("appointment__site", "appointment__patient").get(pk=invitation.pk)
        together.wait(timeout=30)
        return offer, mine

    def nothing(wanted: Any) -> None:
        return None

    monkeypatch.setattr(locks, "take", nothing)
    monkeypatch.setattr(earlier_answers, "_as_they_are", as_they_are)


def test_of_two_who_say_yes_at_once_exactly_one_gets_the_time() -> None:
    assert race() == {"Appointment": 1, "taken": 1}
    assert Invitation.objects.filter(status="accepted").count() == 1
    assert overlaps_in_holds() == 0


def test_the_constraint_alone_lets_one_through(monkeypatch: pytest.MonkeyPatch) -> None:
    look_together_without_locks(monkeypatch)
    assert race() == {"Appointment": 1, "taken": 1}
    assert Invitation.objects.filter(status="accepted").count() == 1


def test_control_without_locks_and_constraint_both_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    look_together_without_locks(monkeypatch)
    with as_owner() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [CONSTRAINT])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {CONSTRAINT}")
        try:
            outcome = race()
        finally:
            cursor.execute("TRUNCATE scheduling_invitation CASCADE")
            cursor.execute(definition)
    assert outcome == {"Appointment": 2}
