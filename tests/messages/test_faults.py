"""The faults of `manage.py drill` at small size: what is killed, cut, refused or taken away costs time, no message.

Each promise has a control beside it, which shows that the test would see the fault.
"""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection

from clinic import clock
from patients.models import Patient
from scheduling.messages import claiming, delivery, hours, ledger, patience, post, waiting
from scheduling.messages.delivery import deliver
from scheduling.messages.post import Outcome
from scheduling.models import Appointment, Message, MessageAttempt
from tests.database import cluster
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import world
from tests.smtp import Sink

Kind, State = Message.Kind, Message.State
ROOT = Path(__file__).resolve().parent.parent.parent
MANY = 24

#: Delivers again and again until it is killed, on the tests' Monday morning.
WORKER = """
    import os, sys, time
    import django
    django.setup()
    from datetime import datetime
    from django.conf import settings
    from clinic import clock
    from scheduling.messages import delivery
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    print("ready", flush=True)
    while True:
        with clock.at_moment(datetime.fromisoformat(sys.argv[2])):
            delivery.deliver()
        time.sleep(0.05)
"""


def tell_many(clinic: Clinic, number: int, *, bad: int = 0) -> None:
    """So many consults announced, the first `bad` of them to addresses that do not exist."""
    for one in range(number):
        name = "nobody" if one < bad else "p"
        patient = make_patient(clinic.site, email=f"{name}{one}@example.org")
        ledger.announce_consult(world.make_visit(clinic, patient, clinic.at(world.NEXT_WEEK[0], 9)))


def start_worker(sink: Sink) -> "subprocess.Popen[bytes]":
    """A worker in a process of its own, ready to deliver."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), str(connection.settings_dict["NAME"]), NOW.isoformat()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
            "EMAIL_URL": f"smtp://{sink.host}:{sink.port}",
        },
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    return process


def come(sink: Sink) -> Counter[str]:
    """How often each Message-ID is in a mailbox."""
    return Counter(str(mail["Message-ID"]) for mail in sink.messages)


def deliver_to_the_end() -> None:
    """Let the hours pass in which leases run out and refused ones are tried again."""
    for minutes in range(0, 60, 4):
        with clock.at_moment(NOW + timedelta(minutes=minutes)):
            deliver()


@pytest.mark.django_db(transaction=True)
def test_workers_killed_at_random_before_a_server_that_refuses_and_cuts_lose_nothing(smtp_sink: Sink) -> None:
    with clock.at_moment(NOW):
        harbor = make_clinic()
        tell_many(harbor, MANY, bad=2)
    for one in range(2):
        smtp_sink.refuse[f"nobody{one}@example.org"] = "550 5.1.1 no such user"
    smtp_sink.refuse_next = ["451 4.7.1 come back later"] * 3
    smtp_sink.cut_next = 2
    chance = random.Random(3)
    workers = [start_worker(smtp_sink) for _ in range(2)]
    for enough in (MANY // 4, MANY // 2):
        deadline = time.monotonic() + 60
        while len(smtp_sink.messages) < enough and time.monotonic() < deadline:
            time.sleep(chance.random() / 20)
        victim = workers.pop()
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
    deliver_to_the_end()
    states = Counter(Message.objects.filter(kind=Kind.CONSULT_BOOKED).values_list("state", flat=True))
    assert states == {State.SENT: MANY - 2, State.FAILED: 2}
    delivered = come(smtp_sink)
    assert len(delivered) == MANY - 2
    cuts, killed_in_flight = 2, 2
    assert sum(delivered.values()) - len(delivered) <= cuts + killed_in_flight


@pytest.fixture
def cut_the_database(monkeypatch: pytest.MonkeyPatch, smtp_sink: Sink) -> Callable[[], None]:
    """Ends the application's sessions just after the mail server has accepted a mail, once: the moment that hurts."""

    def prepare() -> None:
        hand_over = post.PostOffice.send
        left = [1]

        def send(self: post.PostOffice, message: Any) -> Outcome:
            outcome = hand_over(self, message)
            if left:
                left.pop()
                end_sessions()
            return outcome

        monkeypatch.setattr(post.PostOffice, "send", send)

    return prepare


def end_sessions() -> None:
    """What a restart of the database does to a worker: its connection is gone."""
    server = cluster().connect()
    with server.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )
    server.close()


@pytest.mark.django_db(transaction=True)
def test_an_accepted_mail_is_marked_although_the_database_restarts_in_that_moment(
    smtp_sink: Sink, cut_the_database: Callable[[], None]
) -> None:
    with clock.at_moment(NOW):
        tell_many(make_clinic(), 3)
        cut_the_database()
        assert deliver().sent == 3
    with clock.at_moment(NOW + claiming.LEASE):
        deliver()
    assert set(come(smtp_sink).values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_without_patience_the_restart_costs_a_second_mail_under_the_same_id(
    smtp_sink: Sink, cut_the_database: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control, and what is promised where a worker dies with the database: never another Message-ID."""
    over: list[bool] = []

    def dies_with_it(work: Callable[[], Any]) -> Any:
        if over:
            raise OperationalError
        try:
            return work()
        except OperationalError:
            over.append(True)
            raise

    monkeypatch.setattr(delivery, "through_a_restart", dies_with_it)
    with clock.at_moment(NOW):
        tell_many(make_clinic(), 3)
        cut_the_database()
        with pytest.raises(OperationalError):
            deliver()
    connection.close()
    over.clear()
    with clock.at_moment(NOW + claiming.LEASE):
        assert deliver().sent == 3
    assert sorted(come(smtp_sink).values()) == [1, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_an_error_of_a_living_database_is_not_waited_out() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 1; SELECT pg_sleep(1)")

    with pytest.raises(OperationalError):
        patience.through_a_restart(work)
    assert len(tries) == 1
    connection.close()


def test_others_are_called_to_help_once_and_only_where_there_is_much(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 2)
    calls: list[int] = []
    tell_many(harbor, 5)
    assert deliver(more=lambda: calls.append(1)).sent == 5
    assert calls == [1]
    tell_many(harbor, 1)
    assert deliver(more=lambda: calls.append(1)).sent == 1
    assert calls == [1]


@pytest.mark.parametrize("change", [{"status": "cancelled", "ending": "cancelled"}, {"version": 1}])
def test_of_many_due_those_whose_visit_changed_before_the_look_stay_behind(
    harbor: Clinic, smtp_sink: Sink, change: dict[str, object]
) -> None:
    tell_many(harbor, 6)
    changed = list(Appointment.objects.order_by("pk")[:2])
    Appointment.objects.filter(pk__in=[visit.pk for visit in changed]).update(**change)
    run = deliver()
    assert (run.sent, run.skipped) == (4, 2)
    assert not {str(mail["To"]) for mail in smtp_sink.messages} & {visit.patient.email for visit in changed}


#: Zone, the day on which its clocks change (Phoenix: New York's day), and the visit's day.
CHANGES = [
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("America/Phoenix", date(2027, 3, 14)),
    ("Europe/London", date(2027, 3, 28)),
    ("Europe/London", date(2027, 10, 31)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
]


def walk(clinic: Clinic, change: date) -> list[str]:
    """Book a visit two days after the change and let the days pass, half an hour at a time; the local times at which
    its reminders went out.
    """
    zone = ZoneInfo(clinic.site.time_zone)
    day = change + timedelta(days=2)
    moment = clinic.at(change - timedelta(days=6), 12)
    patient = make_patient(clinic.site, email="ada@example.org")
    with clock.at_moment(moment):
        ledger.announce_consult(world.make_visit(clinic, patient, clinic.at(day, 14)))
    while moment < clinic.at(day, 14):
        with clock.at_moment(moment):
            deliver()
        moment += timedelta(minutes=30)
    rows = Message.objects.filter(patient=patient, kind__in=[Kind.REMINDER, Kind.PREPARE], state=State.SENT)
    return [f"{row.sent_at.astimezone(zone):%a %H:%M}" for row in rows.order_by("sent_at") if row.sent_at]


@pytest.mark.parametrize(("zone", "change"), CHANGES, ids=lambda value: str(value).rpartition("/")[2])
def test_reminders_keep_to_the_wall_clock_through_a_change(
    db: None, mailoutbox: list[Any], zone: str, change: date
) -> None:
    # The visit is on a Tuesday: three days before is a Saturday, so the Friday; the day before is the Monday.
    assert walk(make_clinic(time_zone=zone), change) == ["Fri 10:00", "Mon 10:00"]
    assert len(mailoutbox) == 3, "the booking and two reminders, each once"


def test_a_reminder_reckoned_in_hours_before_the_visit_would_be_seen(
    db: None, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: on a clock that knows one offset only, the reminders before a change come an hour off."""

    def fixed(site: Any, day: date, wanted: Any) -> datetime:
        summer = timedelta(hours=-4)
        return datetime.combine(day, wanted, tzinfo=ZoneInfo("UTC")) - summer

    monkeypatch.setattr(hours, "wall_time", fixed)
    assert walk(make_clinic(), date(2027, 3, 14)) == ["Fri 09:00", "Mon 10:00"]


def test_with_no_worker_the_overdue_are_counted_and_one_run_clears_them(
    harbor: Clinic, smtp_sink: Sink, settings: Any
) -> None:
    tell_many(harbor, 4)
    with clock.at_moment(NOW + waiting.OVERDUE_TICKS * timedelta(seconds=settings.REMINDER_TICK_SECONDS)):
        assert waiting.overdue() == 4
        deliver()
        assert waiting.none_overdue()
    assert Patient.objects.count() == 4
    assert MessageAttempt.objects.count() == 4
