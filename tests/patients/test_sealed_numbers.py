"""Identity and payer's numbers lie encrypted, are found again, and change their key."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from clinic import sealing
from clinic.accounts import StaffMFAAdapter
from patients.models import Authorisation, Patient, PatientIdentifier
from tests.clinic.signing import SECRET
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db
NUMBER = "943-476-5919"


@pytest.fixture
def clinic() -> Clinic:
    """One site."""
    return make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Known to an insurer under a number, with an authorisation."""
    patient = make_patient(clinic.site)
    PatientIdentifier.of(patient, "urn:insurer", NUMBER).save()
    Authorisation.objects.create(
        patient=patient, sessions=6, valid_from=FIRST_DAY, reference="AUTH-20417", created_at=NOW
    )
    return patient


def whole_database() -> str:
    """All text of the two tables and of the trail, as it lies there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(i::text, ' ') FROM patients_patientidentifier AS i), "
            "(SELECT string_agg(a::text, ' ') FROM patients_authorisation AS a), "
            "(SELECT string_agg(e::text, ' ') FROM clinic_auditevent AS e)"
        )
        return str(cursor.fetchone())


def test_the_numbers_stand_nowhere_in_plain_and_are_read_as_they_were(patient: Patient) -> None:
    text = whole_database()

    assert NUMBER not in text
    assert "AUTH-20417" not in text
    assert PatientIdentifier.objects.get().value == NUMBER
    assert Authorisation.objects.get().reference == "AUTH-20417"


def test_a_number_is_found_again_and_given_once(clinic: Clinic, patient: Patient) -> None:
    assert PatientIdentifier.objects.known_as("urn:insurer", NUMBER).get().patient == patient
    assert not PatientIdentifier.objects.known_as("urn:other", NUMBER).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        PatientIdentifier.of(make_patient(clinic.site), "urn:insurer", NUMBER).save()


def test_the_digest_cannot_be_tried_out_without_its_key(patient: Patient, settings: Any) -> None:
    before = sealing.blind_index(NUMBER)
    settings.BLIND_INDEX_KEY = "another key"
    assert sealing.blind_index(NUMBER) != before


def test_a_new_key_takes_over_and_the_old_one_can_go(clinic: Clinic, patient: Patient, settings: Any) -> None:
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    assert clinic.clerk.user is not None
    TOTP.activate(clinic.clerk.user, SECRET)
    settings.FIELD_KEYS = [new, old]
    assert PatientIdentifier.objects.get().value == NUMBER

    call_command("rotate_field_keys", verbosity=0)

    settings.FIELD_KEYS = [new]
    assert PatientIdentifier.objects.get().value == NUMBER
    assert Authorisation.objects.get().reference == "AUTH-20417"
    held = Authenticator.objects.get(type="totp").data["secret"]
    assert StaffMFAAdapter().decrypt(held) == SECRET
    settings.FIELD_KEYS = [old]
    with pytest.raises(ImproperlyConfigured, match="none of its keys"):
        PatientIdentifier.objects.get()


def test_a_key_that_is_none_is_refused_without_being_shown(settings: Any) -> None:
    settings.FIELD_KEYS = ["my-secret-that-is-no-key"]
    with pytest.raises(ImproperlyConfigured) as caught:
        sealing.encrypt("x")
    assert "my-secret" not in str(caught.value)
