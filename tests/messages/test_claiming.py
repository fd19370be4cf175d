"""Two workers at once: what is due to one patient is one message, and what was accepted is written down once.

Each race has a control beside it, which shows the fault where the guard is absent.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import clock, locks
from patients.models import Patient
from scheduling.messages import claiming, ledger, letters
from scheduling.messages.claiming import Batch, claim
from scheduling.messages.delivery import BY, deliver
from scheduling.models import Message, MessageAttempt
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import world

Kind, State = Message.Kind, Message.State


def two_dues(patient: Patient, clinic: Clinic) -> None:
    """A reminder of one visit and the preparation for another, due at the same moment."""
    first, second = (world.make_visit(clinic, patient, clinic.at(day, 9)) for day in world.NEXT_WEEK[:2])
    for visit, kind in ((first, Kind.PREPARE), (second, Kind.REMINDER)):
        Message.objects.create(
            patient=patient,
            site=clinic.site,
            appointment=visit,
            recipient="patient",
            kind=kind,
            channel="mail",
            due_at=NOW,
            not_after=visit.starts,
            message_id=f"{kind}@clinic.example",
            created_at=NOW,
        )


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Both workers have asked for the patient, and neither has claimed yet: the moment that hurts."""

    def prepare() -> None:
        ask, both = locks.try_take, threading.Barrier(2, timeout=60)
        came: set[int] = set()

        def try_take(wanted: Iterable[locks.Lock]) -> set[locks.Lock]:
            got = ask(wanted)
            if threading.get_ident() not in came:
                came.add(threading.get_ident())
                both.wait()
            return got

        monkeypatch.setattr(locks, "try_take", try_take)

    return prepare


def claim_twice() -> list[Batch]:
    """Two workers, each with a connection of its own, claim one row at the same moment."""

    def work(worker: str) -> Batch:
        try:
            with clock.at_moment(NOW):
                return claim(by=BY, worker=worker, limit=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, ["first", "second"]))


@pytest.mark.django_db(transaction=True)
def test_two_workers_in_the_same_moment_make_one_message_of_a_patients_two_dues(meeting: Callable[[], None]) -> None:
    harbor = make_clinic()
    two_dues(make_patient(harbor.site, email="ada@example.org"), harbor)
    meeting()
    assert sorted(len(batch.rows) for batch in claim_twice()) == [0, 1]
    lead = world.only(state=State.SENDING)
    assert world.only(state=State.DUE).carried_by == lead


@pytest.mark.django_db(transaction=True)
def test_where_the_patient_is_not_taken_first_two_workers_make_two_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Control: the rows alone are locked, and what another has is passed over. Each takes a row of its own."""
    both = threading.Barrier(2, timeout=60)

    def of_all(waiting: Any, limit: int) -> list[Any]:
        found = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        both.wait()
        return found

    monkeypatch.setattr(claiming, "_of_free_patients", of_all)
    harbor = make_clinic()
    two_dues(make_patient(harbor.site, email="ada@example.org"), harbor)
    assert [len(batch.rows) for batch in claim_twice()] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_first_rows_are_anothers_patients_takes_the_next_ones() -> None:
    harbor = make_clinic()
    patients = [make_patient(harbor.site, email=f"p{one}@example.org") for one in range(3)]
    for one, patient in enumerate(patients):
        with clock.at_moment(NOW - timedelta(minutes=10 - one)):
            ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            locks.try_take([locks.told(patients[0].pk)])
            held.set()
            done.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    with clock.at_moment(NOW):
        taken = claim(by=BY, worker="second", limit=1)
    done.set()
    other.join()
    assert [Message.objects.get(pk=row.key).patient for row in taken.rows] == [patients[1]]


def test_what_a_row_carries_is_not_forgotten_when_another_carries_the_row(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any]
) -> None:
    """The first waited for the morning with what it carries; by then something else is due before it."""
    two_dues(ada, harbor)
    lead = Message.objects.get(kind=Kind.PREPARE)
    Message.objects.filter(kind=Kind.REMINDER).update(carried_by=lead)
    Message.objects.filter(pk=lead.pk).update(due_at=NOW)
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[2], 9))
    Message.objects.create(
        patient=ada,
        site=harbor.site,
        appointment=visit,
        recipient="patient",
        kind=Kind.REMINDER,
        channel="mail",
        due_at=NOW - timedelta(minutes=1),
        not_after=visit.starts,
        message_id="earlier@clinic.example",
        created_at=NOW,
    )
    assert deliver().sent == 1
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
    (mail,) = mailoutbox
    assert [f"April {day}" in mail.body for day in (12, 14, 16)] == [True, True, True]


def test_what_was_accepted_is_marked_although_the_next_message_cannot_be_written(
    harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written down in one transaction: the trouble of the second must not undo the first."""
    for patient in (ada, make_patient(harbor.site, email="ben@example.org")):
        ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
    write, calls = letters.write, []

    def write_once(message: Message, carried: list[Message]) -> letters.Letter:
        calls.append(message)
        if len(calls) == 2:
            raise ValueError("a template without an end")
        return write(message, carried)

    monkeypatch.setattr(letters, "write", write_once)
    run = deliver()
    assert (run.sent, run.failed) == (1, 1)
    assert sorted(Message.objects.filter(due_at__lte=NOW).values_list("state", flat=True)) == [State.FAILED, State.SENT]
    assert sorted(MessageAttempt.objects.values_list("result", flat=True)) == ["accepted", "refused"]


def test_one_more_message_costs_a_worker_no_more_statements_than_it_needs(harbor: Clinic, ada: Patient) -> None:
    """What the drill measures as speed: the statements of one message, besides those of its texts."""

    def statements(number: int) -> int:
        for one in range(number):
            patient = make_patient(harbor.site, email=f"p{one}@example.org")
            ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
        with CaptureQueriesContext(connection) as queries:
            assert deliver().sent == number
        return len([query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    few, many = statements(2), statements(6)
    # Who acts, the row, its mark and its try; and of the words: the visit, the texts, the thread, the link, what else
    # tells how to prepare.
    assert (many - few) / 4 <= 11
    assert claiming.BATCH >= 6
