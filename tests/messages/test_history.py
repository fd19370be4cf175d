"""What the desk sees of a message: who did what, what the server said, what is overdue; and what logs must not tell."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import calls
from scheduling.messages import history, ledger, waiting
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message
from tests.factories import NOW, Clinic, make_patient
from tests.messages import world
from tests.smtp import Sink

Kind, State = Message.Kind, Message.State


@pytest.fixture
def desk(harbor: Clinic, client: Client) -> Client:
    """The clerk's browser."""
    user = harbor.clerk.user
    assert user is not None
    client.force_login(user)
    return client


def told(harbor: Clinic, patient: Patient) -> Message:
    """A consult announced to the patient."""
    ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
    return world.only(patient=patient, kind=Kind.CONSULT_BOOKED)


def steps(message: Message) -> list[tuple[str, str, str]]:
    """Who did what, and what stands beside it."""
    return [(step.who, step.what, step.detail) for step in history.history_of(message)]


def test_the_history_names_who_sent_it_again_and_what_the_server_said(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    row = told(harbor, ada)
    smtp_sink.refuse["ada@example.org"] = "550 5.1.1 no such user"
    deliver()
    smtp_sink.refuse.clear()
    calls.send_again(by=harbor.by(Role.FRONT_DESK), message=row)
    deliver()
    worker = "delivery of messages"
    assert steps(row)[1:] == [
        (worker, "Given up", "550 5.1.1 no such user"),
        ("Finn Okafor", "Put into the queue again", ""),
        (worker, "Accepted by the server", ""),
    ]


def test_the_history_tells_a_refusal_for_now_a_closed_server_a_call_and_who_left_it_unsent(
    harbor: Clinic, ada: Patient, smtp_sink: Sink, settings: Any
) -> None:
    row = told(harbor, ada)
    smtp_sink.refuse_next = ["451 4.7.1 come back later"]
    deliver()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    with clock.at_moment(NOW + timedelta(minutes=1)):
        deliver()
    settings.EMAIL_PORT = port
    clerk = harbor.by(Role.FRONT_DESK)
    calls.call_instead(by=clerk, message=row)
    with clock.at_moment(NOW + timedelta(minutes=2)):
        deliver()
    calls.record_call(by=clerk, message=row, outcome="no_answer")
    calls.leave_unsent(by=clerk, message=row, reason="told at the door")
    found = [(what, detail) for _who, what, detail in steps(row)][1:]
    assert found[0] == ("Refused for now; it is tried again later", "451 4.7.1 come back later")
    assert found[1][0] == "Waits: the server could not be reached"
    assert found[2:] == [
        ("Made a call", ""),
        ("Put on the call list", ""),
        ("Called", "no answer"),
        ("Left unsent", "told at the door"),
    ]


def test_a_message_that_is_no_longer_true_says_so_in_its_history(harbor: Clinic, ada: Patient) -> None:
    row = told(harbor, ada)
    Appointment.objects.update(version=1)
    deliver()
    assert steps(row)[-1] == ("delivery of messages", "Taken out", "the visit has moved")


def test_the_page_shows_the_history_in_one_query_however_long(desk: Client, harbor: Clinic, ada: Patient) -> None:
    row = told(harbor, ada)
    deliver()
    url = reverse("desk:message", args=[row.pk])
    desk.get(url)
    with CaptureQueriesContext(connection) as short:
        page = desk.get(url).content.decode()
    assert "Accepted by the server" in page
    for _ in range(5):
        calls.send_again(by=harbor.by(Role.FRONT_DESK), message=row)
        deliver()
    with CaptureQueriesContext(connection) as long:
        page = desk.get(url).content.decode()
    assert page.count("Put into the queue again") == 5
    assert len(long) == len(short)


def test_what_is_overdue_can_be_listed_the_longest_waiting_first(desk: Client, harbor: Clinic, ada: Patient) -> None:
    first = told(harbor, ada)
    with clock.at_moment(NOW + timedelta(minutes=1)):
        second = told(harbor, make_patient(harbor.site, email="ben@example.org"))
    with clock.at_moment(NOW + timedelta(minutes=30)):
        page = desk.get(reverse("desk:messages"), {"late": "on"})
        assert [row.pk for row in page.context["page"].object_list] == [first.pk, second.pk]
        assert reverse("desk:messages") + "?late=on" in desk.get(reverse("desk:work")).content.decode()
        deliver()
        assert waiting.none_overdue()
        assert "Nothing is overdue." in desk.get(reverse("desk:messages"), {"late": "on"}).content.decode()
        assert "?late=on" not in desk.get(reverse("desk:work")).content.decode()


def test_no_log_line_says_who_was_written_to_or_what(
    harbor: Clinic, ada: Patient, smtp_sink: Sink, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = told(harbor, ada)
    smtp_sink.refuse["ada@example.org"] = "550 5.1.1 <ada@example.org> no such user"
    deliver()
    row.refresh_from_db()
    assert "ada@example.org" in row.last_error, "the desk is told"
    ours = [record for record in caplog.records if not record.name.startswith("mail.")]
    said = " ".join(record.getMessage() for record in ours)
    assert ada.email not in said
    assert ada.family_name not in said
    assert row.subject not in said
