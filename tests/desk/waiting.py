"""What waits at the desk, for tests of the work list."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from clinic import clock
from clinic.models import User
from patients.models import Patient
from scheduling.models import Message
from scheduling.selectors.desk_scope import Scope, scope_of
from scheduling.selectors.work_list import Kind, count_rows, ends_ahead
from tests.factories import NOW, Clinic


def scope(clinic: Clinic) -> Scope:
    user = clinic.clerk.user
    assert isinstance(user, User)
    return scope_of(user, clock.now())


def waiting(clinic: Clinic) -> dict[str, int]:
    """How many rows of each kind that has any."""
    now = scope(clinic)
    found = {kind.value: count for kind, count in count_rows(now).items() if count}
    ends = ends_ahead(now)
    return found | ({Kind.ENDS.value: len(ends)} if ends else {})


#: A mail that came back and says what is still true: the screening is asked for.
FAILED = {
    "state": Message.State.FAILED,
    "kind": Message.Kind.SCREENING,
    "channel": "mail",
    "last_error": "550 no such user",
}


def told(clinic: Clinic, patient: Patient, **values: Any) -> Message:
    """A row of the ledger about a patient."""
    return Message.objects.create(
        **{
            "site": clinic.site,
            "patient": patient,
            "recipient": Message.Recipient.PATIENT,
            "kind": Message.Kind.NEWS,
            "channel": "call",
            "due_at": NOW - timedelta(hours=1),
            "state": Message.State.PERSON,
            "message_id": f"{uuid4().hex}@clinic.example",
            "created_at": NOW,
            "body": "Hello.\n\n[For you alone.]",
        }
        | values
    )
