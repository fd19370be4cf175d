"""The chain over the trail names what was altered, taken away or put elsewhere, even by the database's owner."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from clinic import seals, tasks
from clinic.models import AuditEvent, AuditSeal
from clinic.runtime.cluster import OWNER_ROLE
from patients.models import Patient
from tests.database import cluster
from tests.factories import make_clinic, make_patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed() -> list[int]:
    """A committed and sealed trail; the numbers of the newest events, oldest first."""
    patient = make_patient(make_clinic().site)
    for number in range(5):
        Patient.objects.filter(pk=patient.pk).update(note=f"note {number}")
    assert seals.seal() == AuditEvent.objects.count()
    return list(AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)[:5])[::-1]


def as_owner(statement: str, *values: object) -> None:
    """What the application's role may not do; committed."""
    owner = cluster().connect(OWNER_ROLE, str(settings.DATABASES["default"]["NAME"]))
    with owner.cursor() as cursor:
        cursor.execute(statement, values)
    owner.commit()
    owner.close()


def test_an_untouched_trail_is_whole(sealed: list[int]) -> None:
    found = seals.verify()

    assert found.problems == []
    assert found.sealed == AuditEvent.objects.count()
    assert found.unsealed == 0
    assert found.head == seals.head()
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "The audit trail is whole." in out.getvalue()


def test_what_comes_later_is_sealed_onto_the_same_chain(sealed: list[int]) -> None:
    head = seals.head()
    Patient.objects.update(note="later")
    assert seals.verify(head).unsealed == 1

    tasks.seal_audit()
    tasks.seal_audit()

    assert seals.verify(head).problems == []
    assert seals.head().position == head.position + 1


def test_a_transaction_that_ends_late_is_sealed_all_the_same(sealed: list[int]) -> None:
    late = cluster().connect(OWNER_ROLE, str(settings.DATABASES["default"]["NAME"]))
    late.autocommit = False
    with late.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET note = 'began early'")
    Patient.objects.filter(pk__isnull=True).update(note="")
    make_clinic(name="Mesa")
    seals.seal()
    assert seals.head().position < AuditEvent.objects.count() + 1
    late.commit()
    late.close()

    assert seals.seal() == 1
    assert seals.verify().problems == []


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ('UPDATE clinic_auditevent SET after = \'{"note": "x"}\' WHERE id = %s', "altered: what it says"),
        ("UPDATE clinic_auditevent SET actor_name = 'somebody else' WHERE id = %s", "altered: who, what or when"),
        ("UPDATE clinic_auditevent SET at = at + interval '1 second' WHERE id = %s", "altered: who, what or when"),
        ("DELETE FROM clinic_auditevent WHERE id = %s", "is missing"),
    ],
)
def test_an_event_that_was_touched_is_named(sealed: list[int], deed: str, said: str) -> None:
    as_owner(deed, sealed[2])

    (problem,) = seals.verify().problems
    assert f"Event {sealed[2]} " in problem
    assert said in problem
    with pytest.raises(CommandError, match="not whole"):
        call_command("verify_audit", stdout=StringIO(), stderr=StringIO())


def test_seals_that_changed_places_are_named(sealed: list[int]) -> None:
    as_owner(
        "UPDATE clinic_auditseal AS s SET digest = o.digest, payload = o.payload, salt = o.salt, event = -o.event "
        "FROM clinic_auditseal AS o WHERE s.event IN (%s, %s) AND o.event IN (%s, %s) AND s.event <> o.event; "
        "UPDATE clinic_auditseal SET event = -event WHERE event < 0",
        *(sealed[1], sealed[3]) * 2,
    )

    problems = seals.verify().problems
    assert [str(one) in problem for one, problem in zip((sealed[3], sealed[1]), problems, strict=True)] == [True, True]
    assert all("order was changed" in problem for problem in problems)


def test_an_event_taken_away_with_its_seal_leaves_a_gap(sealed: list[int]) -> None:
    place = AuditSeal.objects.get(event=sealed[2]).position
    as_owner("DELETE FROM clinic_auditevent WHERE id = %s", sealed[2])
    as_owner("DELETE FROM clinic_auditseal WHERE event = %s", sealed[2])

    assert f"Seal {place} is missing." in seals.verify().problems


def test_a_chain_that_was_cut_or_made_anew_does_not_fit_the_head_that_was_noted(sealed: list[int]) -> None:
    head = seals.head()
    as_owner("DELETE FROM clinic_auditevent WHERE id = %s", sealed[-1])
    as_owner("DELETE FROM clinic_auditseal WHERE event = %s", sealed[-1])
    assert seals.verify().problems == [], "by itself, the chain does not show that its end was cut off"
    assert "its end was cut off" in seals.verify(head).problems[0]

    as_owner("TRUNCATE clinic_auditseal")
    Patient.objects.update(note="one more")
    seals.seal()
    assert seals.verify().problems == []
    assert "made anew" in seals.verify(head).problems[0]
    with pytest.raises(CommandError, match="A head looks like"):
        call_command("verify_audit", head="12", stdout=StringIO())


def test_the_application_can_seal_but_not_write_a_seal(sealed: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('clinic_auditseal', 'INSERT, UPDATE, DELETE, TRUNCATE')")
        assert cursor.fetchone() == (False,)
