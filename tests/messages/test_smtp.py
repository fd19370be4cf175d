"""Delivery to a real SMTP server that refuses, delays and hangs up; and workers that are killed."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.messages import claiming, delivery, ledger, post, waiting
from scheduling.messages.delivery import deliver
from scheduling.models import Message, MessageAttempt
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import world
from tests.smtp import Sink

Kind, State = Message.Kind, Message.State
Result = MessageAttempt.Result
ROOT = Path(__file__).resolve().parent.parent.parent


def tell(harbor: Clinic, patient: Patient) -> Message:
    """Something to be told to the patient now."""
    ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
    return world.only(patient=patient, kind=Kind.CONSULT_BOOKED)


def results(message: Message) -> list[str]:
    """What came of each try."""
    return list(message.attempt_rows.order_by("at", "pk").values_list("result", flat=True))


def test_a_mail_arrives_as_text_and_html_with_a_calendar_file(harbor: Clinic, ada: Patient, smtp_sink: Sink) -> None:
    row = tell(harbor, ada)
    deliver()
    (mail,) = smtp_sink.to("ada@example.org")
    assert mail["Message-ID"] == f"<{row.message_id}>"
    assert mail["From"] == "Harbor Day Center <appointments@clinic.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    calendar = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "PUBLISH"


def test_a_refusal_for_now_is_tried_again_later_with_the_same_message_id(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    row = tell(harbor, ada)
    smtp_sink.refuse_next = ["451 4.7.1 come back later"]
    assert deliver().again == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DUE, "451 4.7.1 come back later")
    assert deliver().sent == 0, "not before the wait is over"
    with clock.at_moment(NOW + delivery.wait_after(1)):
        assert deliver().sent == 1
    assert [mail["Message-ID"] for mail in smtp_sink.messages] == [f"<{row.message_id}>"]
    assert results(row) == [Result.TEMPORARY, Result.ACCEPTED]


def test_waiting_doubles_up_to_an_hour() -> None:
    waits = [delivery.wait_after(number).total_seconds() for number in range(1, delivery.MAX_ATTEMPTS)]
    assert waits[:3] == [15, 30, 60]
    assert waits[-1] == 3600


def test_a_refusal_for_good_fails_and_the_next_message_becomes_a_call(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    row = tell(harbor, ada)
    smtp_sink.refuse["ada@example.org"] = "550 5.1.1 no such user"
    assert deliver().failed == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.FAILED, "550 5.1.1 no such user")
    ada.refresh_from_db()
    assert ada.email_failed_at == NOW
    with clock.at_moment(NOW + timedelta(minutes=1)):
        ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[1], 9)))
        assert deliver().handed == 1


def test_a_refusal_of_the_content_does_not_condemn_the_address(harbor: Clinic, ada: Patient, smtp_sink: Sink) -> None:
    row = tell(harbor, ada)
    smtp_sink.refuse["ada@example.org"] = "554 5.7.1 looks like spam"
    deliver()
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.email_failed_at) == (State.FAILED, None)


def test_a_message_refused_too_often_fails_and_is_shown(harbor: Clinic, ada: Patient, smtp_sink: Sink) -> None:
    row = tell(harbor, ada)
    Message.objects.filter(pk=row.pk).update(attempts=delivery.MAX_ATTEMPTS - 1)
    smtp_sink.refuse_next = ["451 4.7.1 come back later"]
    assert deliver().failed == 1


def test_a_line_cut_after_acceptance_leads_to_a_second_mail_with_the_same_message_id(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    row = tell(harbor, ada)
    smtp_sink.cut_next = 1
    assert deliver().again == 1
    with clock.at_moment(NOW + delivery.wait_after(1)):
        assert deliver().sent == 1
    assert [mail["Message-ID"] for mail in smtp_sink.messages] == [f"<{row.message_id}>"] * 2
    assert results(row) == [Result.UNKNOWN, Result.ACCEPTED]


def test_one_bad_address_does_not_stop_the_batch(harbor: Clinic, smtp_sink: Sink) -> None:
    people = [make_patient(harbor.site, email=f"p{number}@example.org") for number in range(6)]
    for person in people:
        tell(harbor, person)
    # One that the server refuses, one that it hangs up on, and one that is no address at all.
    smtp_sink.refuse["p1@example.org"] = "550 no such user"
    Patient.objects.filter(email="p3@example.org").update(email="nobody@exa mple@example.org")
    run = deliver()
    assert (run.sent, run.failed) == (4, 2)
    assert {str(mail["To"]) for mail in smtp_sink.messages} == {f"p{number}@example.org" for number in (0, 2, 4, 5)}


def test_one_connection_serves_many_messages(harbor: Clinic, smtp_sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = post._Smtp.open

    def count(self: post._Smtp) -> bool | None:
        fresh = connect(self)
        if fresh:
            opened.append(fresh)
        return fresh

    monkeypatch.setattr(post._Smtp, "open", count)
    for number in range(5):
        tell(harbor, make_patient(harbor.site, email=f"p{number}@example.org"))
    assert deliver().sent == 5
    assert len(opened) == 1


@pytest.fixture
def nobody_there(settings: Any, smtp_sink: Sink) -> None:
    """Mail goes to a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((smtp_sink.host, 0))
        settings.EMAIL_PORT = probe.getsockname()[1]


def test_a_mail_server_that_is_down_delays_mail_but_not_calls(
    harbor: Clinic, ada: Patient, smtp_sink: Sink, nobody_there: None, settings: Any
) -> None:
    row = tell(harbor, ada)
    call = tell(harbor, make_patient(harbor.site, email=""))
    run = deliver()
    assert run.closed
    row.refresh_from_db()
    call.refresh_from_db()
    assert (row.state, row.attempts, call.state) == (State.DUE, 0, State.PERSON)
    settings.EMAIL_PORT = smtp_sink.port
    assert deliver().sent == 1


def test_mail_that_waits_for_a_dead_server_is_overdue_and_shown(
    harbor: Clinic, ada: Patient, nobody_there: None
) -> None:
    tell(harbor, ada)
    deliver()
    assert waiting.none_overdue()
    late = NOW + (waiting.OVERDUE_TICKS * timedelta(seconds=django_settings.REMINDER_TICK_SECONDS))
    with clock.at_moment(late):
        assert waiting.overdue() == 1


WORKER = """
    import os, sys, time
    import django
    django.setup()
    from datetime import datetime
    from django.conf import settings
    from clinic import clock
    from scheduling.messages import delivery
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    with clock.at_moment(datetime.fromisoformat(sys.argv[2])):
        print(len(delivery.claim(by=delivery.BY, worker="doomed").rows), flush=True)
        time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_claim_and_send_loses_nothing(smtp_sink: Sink) -> None:
    with clock.at_moment(NOW):
        harbor = make_clinic()
        row = tell(harbor, make_patient(harbor.site, email="ada@example.org"))
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), str(connection.settings_dict["NAME"]), NOW.isoformat()],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings"},
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == b"1"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    row.refresh_from_db()
    assert (row.state, row.lease_by) == (State.SENDING, "doomed")
    with clock.at_moment(NOW + timedelta(seconds=30)):
        assert deliver().sent == 0
    with clock.at_moment(NOW + claiming.LEASE):
        assert deliver().sent == 1
    assert [mail["Message-ID"] for mail in smtp_sink.messages] == [f"<{row.message_id}>"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(smtp_sink: Sink) -> None:
    with clock.at_moment(NOW):
        harbor = make_clinic()
        for number in range(30):
            tell(harbor, make_patient(harbor.site, email=f"p{number}@example.org"))

    def work() -> int:
        try:
            with clock.at_moment(NOW):
                return deliver().sent
        finally:
            connection.close()

    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        sent = [future.result() for future in [pool.submit(work) for _ in range(3)]]
    assert sum(sent) == 30
    assert len({str(mail["Message-ID"]) for mail in smtp_sink.messages}) == len(smtp_sink.messages) == 30
    assert time.monotonic() - started < 60
    assert Site.objects.count() == 1
