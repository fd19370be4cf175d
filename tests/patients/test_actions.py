"""What may be written about a patient, and what is refused in which words."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients import actions
from patients.models import Channel, Clearance, Contact, Measure, Observation, Patient
from patients.selectors import standing
from patients.signals import clearance_decided, patient_died
from tests.factories import NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db
TODAY = date(2027, 4, 5)


@pytest.fixture
def clinic() -> Clinic:
    with clock.at_moment(NOW):
        return make_clinic()


def register(clinic: Clinic, **fields: object) -> Patient:
    values: dict[str, object] = {"given_name": "Rosa", "family_name": "Lind", "birth_date": date(1971, 3, 2)}
    with clock.at_moment(NOW):
        return actions.register_patient(by=clinic.by(Role.FRONT_DESK), site=clinic.site, **(values | fields))  # type: ignore[arg-type]


def test_a_patient_is_registered_with_a_number_of_her_own(clinic: Clinic) -> None:
    first, second = register(clinic), register(clinic, given_name="Rose")
    assert second.record_number > first.record_number > 1000
    assert list(first.sites.all()) == [clinic.site]


def test_a_telephone_number_is_read_by_the_country_of_the_site(clinic: Clinic) -> None:
    assert register(clinic, phone="(518) 555-0123").phone == "+15185550123"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"phone": "call me"}, "phone", "is not a telephone number"),
        ({"phone": "12"}, "phone", "is not a telephone number"),
        ({"email": "rosa@"}, "email", "is not an email address"),
        ({"birth_date": date(2027, 4, 6)}, "birth_date", "in the future"),
        ({"birth_date": date(1897, 1, 1)}, "birth_date", "more than 125 years ago"),
        ({"birth_date": date(2009, 4, 6)}, "guardian_name", "under 18"),
        ({"given_name": "  "}, "given_name", "A name is missing"),
    ],
)
def test_what_cannot_be_right_is_refused_in_a_sentence(
    clinic: Clinic, fields: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        register(clinic, **fields)
    assert refused.value.field == field
    assert words in refused.value.message
    assert not Patient.objects.exists()


def test_a_minor_is_taken_with_a_guardian_who_may_decide(clinic: Clinic) -> None:
    patient = register(clinic, birth_date=date(2010, 1, 1), guardian_name="Maud Lind", guardian_phone="518 555 0100")
    guardian = patient.contacts.get()
    assert (guardian.name, guardian.may_decide, guardian.is_adult) == ("Maud Lind", True, True)
    assert guardian.phone == "+15185550100"


def test_somebody_turns_18_on_the_birthday(clinic: Clinic) -> None:
    assert register(clinic, birth_date=date(2009, 4, 5)).contacts.count() == 0


def test_a_changed_address_forgets_that_mail_failed(clinic: Clinic) -> None:
    patient = make_patient(clinic.site, email="old@example.org", email_failed_at=NOW)
    with clock.at_moment(NOW):
        actions.change_patient(by=clinic.by(Role.FRONT_DESK), patient=patient, email="new@example.org")
    patient.refresh_from_db()
    assert patient.email_failed_at is None


def test_a_birth_date_that_makes_a_minor_needs_a_guardian_first(clinic: Clinic) -> None:
    patient = register(clinic)
    with clock.at_moment(NOW), pytest.raises(Refused, match="under 18"):
        actions.change_patient(by=clinic.by(Role.FRONT_DESK), patient=patient, birth_date=date(2012, 1, 1))
    patient.refresh_from_db()
    assert patient.birth_date == date(1971, 3, 2)


def test_every_write_names_who_did_it_on_the_trail(clinic: Clinic) -> None:
    patient = register(clinic)
    event = AuditEvent.objects.get(table="patients_patient", row=str(patient.pk))
    assert (event.actor_name, event.action) == ("Finn Okafor", "register_patient")


def test_a_minor_cannot_be_named_as_a_driver(clinic: Clinic) -> None:
    patient = register(clinic)
    with pytest.raises(Refused, match="18 or older may drive"):
        actions.add_contact(by=clinic.by(Role.FRONT_DESK), patient=patient, name="Tim", may_drive=True)
    assert not Contact.objects.exists()


def test_a_contact_is_reached_by_what_is_known(clinic: Clinic) -> None:
    patient = register(clinic, language="es")
    by = clinic.by(Role.FRONT_DESK)
    with_mail = actions.add_contact(by=by, patient=patient, name="A", email="a@example.org")
    with_phone = actions.add_contact(by=by, patient=patient, name="B", phone="518 555 0100")
    assert (with_mail.channel, with_phone.channel, with_phone.language) == (Channel.MAIL, Channel.TEXT, "es")


def test_a_contact_who_no_longer_is_adult_cannot_stay_a_driver(clinic: Clinic) -> None:
    by = clinic.by(Role.FRONT_DESK)
    contact = actions.add_contact(by=by, patient=register(clinic), name="Tim", is_adult=True, may_drive=True)
    with pytest.raises(Refused, match="18 or older"):
        actions.change_contact(by=by, contact=contact, is_adult=False)
    contact.refresh_from_db()
    assert contact.is_adult


@pytest.mark.parametrize(("email", "agrees"), [("tim@elsewhere.example", True), ("", False)])
def test_who_wanted_no_more_mail_agrees_by_another_address_and_not_by_none(
    clinic: Clinic, email: str, agrees: bool
) -> None:
    by = clinic.by(Role.FRONT_DESK)
    contact = actions.add_contact(by=by, patient=register(clinic), name="Tim", email="tim@example.org")
    Contact.objects.update(mail_consent=False)
    contact = actions.change_contact(by=by, contact=contact, email=email)
    assert contact.mail_consent is agrees
    assert actions.change_contact(by=by, contact=contact, phone="518 555 0100").mail_consent is agrees


def test_a_death_is_announced_and_cannot_lie_ahead(clinic: Clinic) -> None:
    patient = register(clinic)
    heard: list[Patient] = []

    def hear(**kwargs: object) -> None:
        assert isinstance(kwargs["patient"], Patient)
        heard.append(kwargs["patient"])

    patient_died.connect(hear)
    try:
        with clock.at_moment(NOW):
            with pytest.raises(Refused, match="in the future"):
                actions.record_death(by=clinic.by(Role.FRONT_DESK), patient=patient, on=TODAY + timedelta(days=1))
            assert heard == []
            actions.record_death(by=clinic.by(Role.FRONT_DESK), patient=patient, on=TODAY)
    finally:
        patient_died.disconnect(hear)
    assert heard == [patient]
    assert not Patient.objects.living().filter(pk=patient.pk).exists()


def test_only_a_doctor_clears_a_patient(clinic: Clinic) -> None:
    patient = register(clinic)
    for role in (Role.FRONT_DESK, Role.NURSE, Role.MANAGER):
        with pytest.raises(NotAllowed):
            actions.decide_clearance(by=clinic.by(role), patient=patient, decision="cleared", valid_until=TODAY)
    assert not Clearance.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"decision": "cleared"}, "valid_until"),
        ({"decision": "cleared", "valid_until": TODAY - timedelta(days=1)}, "valid_until"),
        ({"decision": "conditions", "valid_until": TODAY}, "conditions"),
        ({"decision": "refused"}, "reason"),
        ({"decision": "suspended", "reason": " "}, "reason"),
        ({"decision": "perhaps"}, "decision"),
    ],
)
def test_a_decision_without_its_words_is_refused(clinic: Clinic, fields: dict[str, object], field: str) -> None:
    patient = register(clinic)
    with clock.at_moment(NOW), pytest.raises(Refused) as refused:
        actions.decide_clearance(by=clinic.by(Role.DOCTOR), patient=patient, **fields)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Clearance.objects.exists()


def test_a_decision_is_announced_inside_its_transaction(clinic: Clinic) -> None:
    patient = register(clinic)

    def fail(**kwargs: object) -> None:
        raise RuntimeError("a receiver that fails")

    clearance_decided.connect(fail)
    try:
        with clock.at_moment(NOW), pytest.raises(RuntimeError):
            actions.decide_clearance(by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=TODAY)
    finally:
        clearance_decided.disconnect(fail)
    assert not Clearance.objects.exists()


def test_a_clearance_holds_through_its_last_day(clinic: Clinic) -> None:
    patient = register(clinic)
    with clock.at_moment(NOW):
        clearance = actions.decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=TODAY + timedelta(days=30)
        )
    assert standing(patient, TODAY + timedelta(days=30)).clearance == clearance
    later = standing(patient, TODAY + timedelta(days=31))
    assert later.clearance is None
    assert later.latest == clearance
    assert "The clearance does not reach to that day." in later.reasons_against


def test_a_suspension_takes_the_place_of_a_clearance(clinic: Clinic) -> None:
    patient = register(clinic)
    doctor = clinic.by(Role.DOCTOR)
    with clock.at_moment(NOW):
        actions.decide_clearance(by=doctor, patient=patient, decision="cleared", valid_until=date(2028, 1, 1))
    with clock.at_moment(NOW + timedelta(hours=1)):
        actions.decide_clearance(by=doctor, patient=patient, decision="suspended", reason="Letter awaited")
    now = standing(patient, TODAY)
    assert now.clearance is None
    assert "A doctor has suspended the treatment." in now.reasons_against


def test_nothing_stands_against_a_cleared_and_consenting_adult(clinic: Clinic) -> None:
    with clock.at_moment(NOW):
        patient = make_patient(clinic.site, cleared=True, consented=True)
    assert standing(patient, TODAY).reasons_against == []


def test_a_consent_counts_until_its_day_and_until_withdrawn(clinic: Clinic) -> None:
    patient = register(clinic)
    by = clinic.by(Role.FRONT_DESK)
    with clock.at_moment(NOW):
        consent = actions.record_consent(
            by=by, patient=patient, form_version="2", signed_by="Rosa Lind", signed_at=NOW, valid_until=TODAY
        )
        assert standing(patient, TODAY).consent == consent
        assert standing(patient, TODAY + timedelta(days=1)).consent is None
        actions.withdraw_consent(by=by, consent=consent, reason="changed her mind")
    assert standing(patient, TODAY).consent is None


def test_a_signature_in_the_future_or_after_its_end_is_refused(clinic: Clinic) -> None:
    patient = register(clinic)
    by = clinic.by(Role.FRONT_DESK)
    with clock.at_moment(NOW):
        with pytest.raises(Refused, match="lies in the future"):
            actions.record_consent(
                by=by,
                patient=patient,
                form_version="2",
                signed_by="Rosa",
                signed_at=NOW + timedelta(days=1),
                valid_until=date(2028, 1, 1),
            )
        with pytest.raises(Refused, match="end before it was signed"):
            actions.record_consent(
                by=by,
                patient=patient,
                form_version="2",
                signed_by="Rosa",
                signed_at=NOW,
                valid_until=TODAY - timedelta(days=1),
            )
    assert not patient.consents.exists()


def test_a_minor_does_not_sign_alone(clinic: Clinic) -> None:
    patient = register(clinic, birth_date=date(2010, 1, 1), guardian_name="Maud Lind")
    by = clinic.by(Role.FRONT_DESK)
    with clock.at_moment(NOW):
        with pytest.raises(Refused, match="a guardian signs"):
            actions.record_consent(
                by=by, patient=patient, form_version="2", signed_by="Rosa", signed_at=NOW, valid_until=TODAY
            )
        actions.record_consent(
            by=by,
            patient=patient,
            form_version="2",
            signed_by="Maud Lind",
            relationship="mother",
            signed_at=NOW,
            valid_until=TODAY,
        )
    assert patient.consents.get().signed_by == "Maud Lind"


@pytest.mark.parametrize("value", [11, -1, "NaN", "Infinity", "much", "1e400"])
def test_a_score_out_of_range_is_refused(clinic: Clinic, value: object) -> None:
    patient = register(clinic)
    with clock.at_moment(NOW), pytest.raises(Refused, match="from 0 to 10"):
        actions.record_observation(
            by=clinic.by(Role.NURSE),
            patient=patient,
            measure=Measure.PAIN,
            value=value,  # type: ignore[arg-type]
            effective_at=NOW,
            source=Observation.Source.STAFF,
        )
    assert not Observation.objects.exists()


def test_a_score_before_the_birth_or_ahead_of_time_is_refused(clinic: Clinic) -> None:
    patient = register(clinic)
    for moment in (datetime(1971, 3, 1, tzinfo=UTC), NOW + timedelta(hours=1)):
        with clock.at_moment(NOW), pytest.raises(Refused):
            actions.record_observation(
                by=clinic.by(Role.NURSE),
                patient=patient,
                measure=Measure.PAIN,
                value=5,
                effective_at=moment,
                source=Observation.Source.STAFF,
            )
    assert not Observation.objects.exists()


def test_the_same_score_twice_is_one_and_another_value_is_refused(clinic: Clinic) -> None:
    patient = register(clinic)
    source_id = uuid4().hex

    def record(value: int) -> Observation:
        return actions.record_observation(
            by=clinic.by(Role.NURSE),
            patient=patient,
            measure=Measure.PAIN,
            value=value,
            effective_at=NOW,
            source=Observation.Source.PATIENT,
            source_id=source_id,
        )

    with clock.at_moment(NOW):
        assert record(5) == record(5)
        with pytest.raises(Refused, match="recorded here already"):
            record(6)
    assert Observation.objects.get().value == 5
