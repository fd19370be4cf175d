"""The headers of a mail: one conversation for one series, and one press to be rid of what is not essential."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client

from clinic import clock
from patients.models import Patient
from scheduling.messages import ledger
from scheduling.messages.delivery import deliver
from scheduling.models import Message
from tests.factories import NOW, Clinic, make_patient
from tests.messages import world

Kind, State = Message.Kind, Message.State


@pytest.fixture
def outbox(mailoutbox: list[Any]) -> list[Any]:
    """What was sent, oldest first."""
    return mailoutbox


def told_so_far(harbor: Clinic, ada: Patient) -> None:
    """The booking, the reminder and the preparation of the first visit are out."""
    ledger.announce_booked(world.make_series(harbor, ada))
    deliver()
    for day in (9, 11):
        with clock.at_moment(harbor.at(NOW.date().replace(day=day), 11)):
            deliver()


def test_all_mails_about_a_series_are_one_conversation(harbor: Clinic, ada: Patient, outbox: list[Any]) -> None:
    told_so_far(harbor, ada)
    first, *later = outbox
    assert len(later) == 2
    assert "In-Reply-To" not in first.extra_headers
    for mail in later:
        assert mail.extra_headers["In-Reply-To"] == first.extra_headers["Message-ID"]
        assert mail.extra_headers["References"] == first.extra_headers["Message-ID"]
    assert len({mail.extra_headers["Message-ID"] for mail in outbox}) == 3


def test_nobody_is_put_into_the_conversation_of_another(harbor: Clinic, ada: Patient, outbox: list[Any]) -> None:
    told_so_far(harbor, ada)
    ben = make_patient(harbor.site, email=ada.email)
    consult = world.make_visit(harbor, ada, harbor.at(NOW.date() + timedelta(days=20), 9))
    for about in (consult, world.make_visit(harbor, ben, harbor.at(NOW.date() + timedelta(days=21), 9))):
        ledger.announce_consult(about)
    deliver()
    assert ["In-Reply-To" in mail.extra_headers for mail in outbox[-2:]] == [False, False]


def test_a_companions_mails_are_a_conversation_of_their_own(harbor: Clinic, ada: Patient, outbox: list[Any]) -> None:
    told_so_far(harbor, ada)
    world.name_driver(ada.appointments.get(number=2), world.make_companion(ada))
    deliver()
    assert outbox[-1].to == ["ben@example.org"]
    assert "In-Reply-To" not in outbox[-1].extra_headers


def test_only_what_is_not_essential_can_be_stopped_by_one_press(
    harbor: Clinic, ada: Patient, outbox: list[Any], client: Client
) -> None:
    told_so_far(harbor, ada)
    booked, reminder, preparation = outbox
    assert "List-Unsubscribe" not in {*booked.extra_headers, *preparation.extra_headers}
    assert reminder.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = reminder.extra_headers["List-Unsubscribe"].strip("<>")
    path = "/" + address.partition("://")[2].partition("/")[2]
    assert client.get(path).status_code == 200
    ada.refresh_from_db()
    assert not ada.essential_only, "opening it changes nothing"
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    ada.refresh_from_db()
    assert ada.essential_only
    assert "turn them off on your page" in reminder.body.replace("\n", " ")


def test_what_is_told_together_with_something_essential_cannot_be_stopped(
    harbor: Clinic, ada: Patient, outbox: list[Any]
) -> None:
    """Else the preparation for one visit would go with the reminder of another."""
    world.drop_ladders()
    days = [NOW.date() + timedelta(days=7), NOW.date() + timedelta(days=11)]
    ledger.announce_booked(world.make_series(harbor, ada, days, at=time(15)))
    world.told(Kind.BOOKED)
    Message.objects.filter(kind=Kind.REMINDER).update(due_at=harbor.at(days[0] - timedelta(days=1), 10))
    with clock.at_moment(harbor.at(days[0] - timedelta(days=1), 10)):
        deliver()
    (mail,) = outbox
    assert mail.subject.startswith("Your next visits")
    assert "List-Unsubscribe" not in mail.extra_headers
