"""As recovery begins, whoever drives hears when the patient will be ready: once, and only who still drives."""

from datetime import timedelta

import pytest

from clinic import clock
from patients.models import Contact, Patient
from scheduling.messages import ledger
from scheduling.messages.look import why_skip
from scheduling.models import Appointment, Message, Ride
from tests.factories import Clinic
from tests.messages import world
from tests.messages.world import only

Kind = Message.Kind


@pytest.fixture
def here(harbor: Clinic, ada: Patient) -> Appointment:
    """A visit whose patient is here, with somebody named to drive."""
    visit = world.make_series(harbor, ada).appointments.order_by("starts")[0]
    world.name_driver(visit, world.make_companion(ada))
    visit.status = Appointment.Status.ARRIVED
    visit.save()
    return visit


def test_it_is_told_once_and_at_once(here: Appointment) -> None:
    for minutes in (60, 75):
        ledger.announce_pick_up(here, clock.now() + timedelta(minutes=minutes))

    row = only(kind=Kind.PICK_UP)
    assert (row.due_at, row.recipient) == (clock.now(), Message.Recipient.COMPANION)
    assert row.not_after == clock.now() + timedelta(minutes=60) + ledger.PICK_UP_LASTS
    assert why_skip(row, clock.now()) == ""


def test_nobody_is_told_where_nobody_is_named_or_may_be_told(here: Appointment) -> None:
    Contact.objects.update(may_be_told=False)
    ledger.announce_pick_up(here, clock.now())
    Contact.objects.update(may_be_told=True)
    Ride.objects.filter(appointment=here).update(status=Ride.Status.NEEDED, companion=None)
    ledger.announce_pick_up(here, clock.now())

    assert not Message.objects.filter(kind=Kind.PICK_UP).exists()


def test_it_is_not_sent_once_the_patient_has_left_or_somebody_else_drives(here: Appointment, ada: Patient) -> None:
    ledger.announce_pick_up(here, clock.now())
    row = only(kind=Kind.PICK_UP)
    Ride.objects.filter(appointment=here).update(companion=world.make_companion(ada, name="Cy Park"))
    assert why_skip(fresh(row), clock.now()) == "somebody else drives, or nobody has to"

    over = {"status": Appointment.Status.FULFILLED, "ending": "completed", "counts": True}
    Appointment.objects.filter(pk=here.pk).update(**over)
    assert why_skip(fresh(row), clock.now()) == "the patient has left, or is expected again"


def test_it_is_too_late_an_hour_after(here: Appointment) -> None:
    ledger.announce_pick_up(here, clock.now())

    assert why_skip(only(kind=Kind.PICK_UP), clock.now() + ledger.PICK_UP_LASTS) == "too late to be of use"


def fresh(row: Message) -> Message:
    """The row as it is now, with what it is about."""
    return Message.objects.select_related("patient", "contact", "appointment__ride").get(pk=row.pk)
