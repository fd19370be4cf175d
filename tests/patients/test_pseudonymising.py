"""To be forgotten on request: nothing in the database says who it was, and the trail is kept and whole."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections

from clinic import clock, seals
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.models import Contact, Patient, PatientIdentifier
from scheduling.actions import rides
from scheduling.messages import delivery
from scheduling.models import Appointment, VisitRecord
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.portal.conftest import make_driver
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PLANTED = (
    *("Xanthippe", "Quackenbush", "xanthippe@example.org", "15185559876", "1980-05-17", "ZX-476"),
    *("Benvolio", "benvolio@example.org", "benvolio@elsewhere.example"),
)
LATER = NOW + timedelta(days=400)


@pytest.fixture
def clinic() -> Clinic:
    """One site."""
    with clock.at_moment(NOW):
        return make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Known, booked, written to, driven."""
    with clock.at_moment(NOW):
        found = make_patient(
            clinic.site,
            cleared=True,
            consented=True,
            given_name="Xanthippe",
            family_name="Quackenbush",
            email="xanthippe@example.org",
            phone="+15185559876",
            note="Xanthippe prefers the window.",
        )
        PatientIdentifier.of(found, "urn:insurer", "ZX-476").save()
        visits = visits_of(book(clinic, found))
        driver = make_driver(found, "Benvolio Quackenbush", email="benvolio@example.org")
        Contact.objects.update(stopped_way="benvolio@elsewhere.example")
        rides.name_companion(by=clinic.by(Role.FRONT_DESK), appointments=visits, companion=driver)
        delivery.deliver()
        return found


def everywhere() -> str:
    """All text of the database."""
    with connection.cursor() as cursor:
        text = []
        # Not those of the models: some of other makers have no table here.
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" AS t')
            text.append(str(cursor.fetchone()[0]))
    return "\n".join(text)


def forget(patient: Patient) -> str:
    """Run the command."""
    out = StringIO()
    call_command("pseudonymise", patient.record_number, reason="Request of 3 May.", by="Mona Reyes", stdout=out)
    return out.getvalue()


def test_nothing_says_who_it_was_and_the_trail_is_whole(patient: Patient) -> None:
    before = everywhere()
    assert all(word in before for word in PLANTED if word != "ZX-476"), "it was planted"
    seals.seal()
    events = AuditEvent.objects.count()
    with clock.at_moment(LATER):
        assert "says no more who it is" in forget(patient)
        seals.seal()

    after = everywhere()
    assert [word for word in PLANTED if word in after] == []
    found = seals.verify()
    assert found.problems == []
    assert found.erased > 0
    assert AuditEvent.objects.count() > events, "no event is gone"
    erased = AuditEvent.objects.get(operation="erase")
    assert (erased.patient, erased.actor_name, erased.reason) == (patient.pk, "Mona Reyes", "Request of 3 May.")
    assert Appointment.objects.filter(patient=patient).count() == 6, "what was done stays"
    assert VisitRecord.objects.filter(appointment__patient=patient).count() == 0


def test_twice_is_as_good_as_once(patient: Patient) -> None:
    with clock.at_moment(LATER):
        forget(patient)
        forget(patient)

    assert [word for word in PLANTED if word in everywhere()] == []
    seals.seal()
    assert seals.verify().problems == []


def test_a_visit_to_come_stands_against_it(patient: Patient) -> None:
    with clock.at_moment(NOW), pytest.raises(CommandError, match="A visit is still to come"):
        forget(patient)
    patient.refresh_from_db()
    assert patient.given_name == "Xanthippe"


def test_without_the_owners_address_nothing_happens(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(settings.DATABASES, "owner")
    with clock.at_moment(LATER), pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        forget(patient)


def test_an_erased_event_that_says_something_again_is_named(patient: Patient) -> None:
    with clock.at_moment(LATER):
        forget(patient)
    event = AuditEvent.objects.filter(table="patients_patient", row=str(patient.pk)).earliest("pk")
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE clinic_auditevent SET reason = 'made up' WHERE id = %s", [event.pk])

    assert any("says something again" in problem for problem in seals.verify().problems)
