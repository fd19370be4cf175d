"""History is never erased: the application's own database role cannot change, forge, empty or switch off the trail."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from clinic.actions import action
from clinic.actor import Actor
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import moving
from scheduling.models import Appointment
from tests.factories import make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db

#: Models whose tables are not under the trail, each for a reason.
NOT_AUDITED = {
    "clinic.AuditEvent": "is the trail",
    "clinic.AuditSeal": "seals the trail",
    "clinic.Heartbeat": "machinery: a sign of life every few seconds",
    "clinic.IdempotencyKey": "machinery: which form did its work",
    "scheduling.KeptCount": "machinery: figures for the navigation, counted anew every few seconds",
    "scheduling.ProposalNight": "machinery: how far the night's work has come",
    "scheduling.Hold": "follows from the visits, which are audited",
}


def audited_tables() -> set[str]:
    """Tables that carry the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit' AND tgenabled = 'O'")
        return {row[0] for row in cursor.fetchall()}


def test_every_table_of_the_three_apps_is_audited_but_the_named_few() -> None:
    audited = audited_tables()
    missing = set()
    for label in ("clinic", "patients", "scheduling"):
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            has_no_person = model._meta.label in {"clinic.User_groups", "clinic.User_user_permissions"}
            if model._meta.db_table not in audited and model._meta.label not in NOT_AUDITED and not has_no_person:
                missing.add(model._meta.label)
    assert missing == set()
    assert not {apps.get_model(label)._meta.db_table for label in NOT_AUDITED} & audited


def test_the_trail_says_who_did_what_when_and_why() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site, cleared=True))
    visit = visits_of(series)[0]
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="A cold.", version=0)
    event = AuditEvent.objects.filter(table="scheduling_appointment", row=str(visit.pk), operation="update").first()
    assert event is not None
    assert event.before is not None
    assert event.after is not None
    assert (event.before["status"], event.after["status"]) == ("booked", "cancelled")
    assert event.actor_name == "Finn Okafor"
    assert event.action == "cancel_visit"
    assert event.reason == "A cold."
    assert event.patient == visit.patient_id
    assert event.database_role == "clinic_app"


def test_raw_sql_leaves_its_mark_too() -> None:
    patient = make_patient(make_clinic().site)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET note = 'x' WHERE id = %s", [str(patient.pk)])
    event = AuditEvent.objects.filter(table="patients_patient", row=str(patient.pk)).last()
    assert event is not None
    assert event.after == {"note": "x"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clinic_auditevent SET actor_name = 'somebody else'",
        "DELETE FROM clinic_auditevent",
        "TRUNCATE clinic_auditevent",
        'INSERT INTO clinic_auditevent (at, transaction, "table", "row", operation, actor_kind, actor_id, actor_name, '
        "action, reason, origin, database_role) VALUES (now(), 1, 't', 'r', 'insert', '', '', '', '', '', '', 'x')",
        "DROP TABLE clinic_auditevent",
        "DELETE FROM clinic_auditseal",
        "UPDATE clinic_auditseal SET salt = NULL",
        "INSERT INTO clinic_auditseal VALUES (1, 1, NULL, '', '', '', now())",
        "ALTER TABLE clinic_auditevent ADD COLUMN note text",
        "ALTER TABLE patients_patient DISABLE TRIGGER audit",
        "DROP TRIGGER audit ON patients_patient",
        "TRUNCATE patients_patient CASCADE",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION clinic_audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SELECT clinic_audit()",
        "SET ROLE clinic_owner",
        "CREATE TABLE mine (id int)",
    ],
)
def test_the_application_role_cannot_get_around_the_trail(statement: str) -> None:
    make_patient(make_clinic().site)
    before = AuditEvent.objects.count()
    denied = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with denied, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("setting", ["SET pgtrigger.ignore = '{*}'", "SET LOCAL pgtrigger.ignore = 'audit'"])
def test_no_setting_switches_the_trail_off(setting: str) -> None:
    patient = make_patient(make_clinic().site)
    before = AuditEvent.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(setting)
    Patient.objects.filter(pk=patient.pk).update(note="changed all the same")
    assert AuditEvent.objects.count() == before + 1


def test_a_temporary_table_of_the_same_name_catches_nothing() -> None:
    patient = make_patient(make_clinic().site)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE clinic_auditevent (LIKE public.clinic_auditevent)")
        cursor.execute("SET LOCAL search_path = pg_temp, public")
    Patient.objects.filter(pk=patient.pk).update(note="seen")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.clinic_auditevent WHERE after ->> 'note' = 'seen'")
        assert cursor.fetchone()[0] == 1


@action
def _note(*, by: Actor, patient: Patient, note: str, reason: str = "") -> None:
    patient.note = note
    patient.save(update_fields=["note"])


def test_the_actor_of_an_action_does_not_stick_to_the_next() -> None:
    patient = make_patient(make_clinic().site)
    _note(by=Actor.system("first"), patient=patient, note="one", reason="because")
    _note(by=Actor.system("second"), patient=patient, note="two")
    names = AuditEvent.objects.filter(row=str(patient.pk), operation="update").values_list("actor_name", "reason")
    assert list(names) == [("first", "because"), ("second", "")]


def test_a_refused_action_leaves_no_mark() -> None:
    clinic = make_clinic()
    before = AuditEvent.objects.count()
    with pytest.raises(Appointment.DoesNotExist):
        _broken(by=clinic.by(Role.FRONT_DESK))
    assert AuditEvent.objects.count() == before


@action
def _broken(*, by: Actor) -> None:
    make_patient(make_clinic(name="Gone").site)
    Appointment.objects.get(pk=uuid4())
