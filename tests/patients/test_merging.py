"""Two records of one person become one: everything moves, nothing is lost, and what stands against it is said."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.models import AuditEvent, User
from clinic.permissions import Role
from patients import actions
from patients.models import Clearance, Contact, Flag, ImportedField, Observation, Patient, PatientIdentifier
from patients.search import search
from patients.signals import patients_merging
from scheduling.actions import merging
from scheduling.models import Appointment, Message, Series
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient, make_staff
from tests.patients.bundles import bundle, condition, imported, pain
from tests.patients.bundles import patient as in_file
from tests.scheduling.helpers import book, consult, visits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def pair(clinic: Clinic) -> tuple[Patient, Patient]:
    """The record that stays, and the other."""
    kept = make_patient(clinic.site, given_name="Rosa", family_name="Lind", email="", note="")
    other = make_patient(clinic.site, given_name="Rósa", family_name="Lindt", cleared=True, consented=True)
    for patient in (kept, other):
        patient.refresh_from_db()
    return kept, other


def merge(clinic: Clinic, kept: Patient, other: Patient, reason: str = "same birth date and number") -> Patient:
    return actions.merge_patients(by=clinic.by(Role.FRONT_DESK), kept=kept, other=other, reason=reason)


def make_them_overlap(clinic: Clinic, kept: Patient, other: Patient) -> None:
    """A visit of each: `kept` at 10 a.m., `other` a quarter of an hour later, written past the actions."""
    at_ten = clinic.at(FIRST_DAY, 10)
    consult(clinic, kept, at_ten)
    Appointment.objects.create(
        patient=other,
        site=clinic.site,
        protocol_version=clinic.consult,
        kind=Appointment.Kind.CONSULT,
        status=Appointment.Status.BOOKED,
        starts=at_ten + timedelta(minutes=15),
        ends=at_ten + timedelta(minutes=60),
        created_at=NOW,
    )


def rows_of(patient: Patient) -> dict[str, int]:
    """How many rows of each table point at the patient."""
    counted = {
        relation.related_model.__name__: relation.related_model._default_manager.filter(
            **{relation.field.name: patient}
        ).count()
        for relation in Patient._meta.related_objects
    }
    return {name: count for name, count in counted.items() if count}


def test_everything_moves_and_the_other_points_to_what_stays(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    by = clinic.by(Role.NURSE)
    series = book(clinic, other)
    consult(clinic, kept, clinic.at(FIRST_DAY + timedelta(days=42), 9))
    actions.add_contact(by=by, patient=other, name="Tom", phone="518 555 0100")
    actions.record_observation(
        by=by, patient=other, measure="pain", value=5, effective_at=NOW, source=Observation.Source.STAFF
    )
    PatientIdentifier.objects.create(patient=other, system="urn:old", value="17")
    Flag.objects.create(patient=other, kind="heart", source="staff", detail="x", source_id="1", found_at=NOW)
    before = {name: rows_of(kept).get(name, 0) + count for name, count in rows_of(other).items()}

    merge(clinic, kept, other)

    assert rows_of(other) == {}
    after = rows_of(kept)
    assert all(after[name] == count for name, count in before.items()), (before, after)
    other.refresh_from_db()
    kept.refresh_from_db()
    assert (other.merged_into, other.merged_at, other.is_active) == (kept, NOW, False)
    assert kept.email == other.email
    assert {visit.patient_id for visit in visits_of(series)} == {kept.pk}
    event = AuditEvent.objects.filter(table="patients_patient", row=str(other.pk), action="merge_patients").get()
    assert (event.actor_name, event.reason) == ("Finn Okafor", "same birth date and number")


def test_visits_that_overlap_are_named_and_nothing_is_merged(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    make_them_overlap(clinic, kept, other)

    with pytest.raises(Refused, match="Their visits overlap: record") as refused:
        merge(clinic, kept, other)

    assert "10 a.m." in refused.value.message
    other.refresh_from_db()
    assert other.merged_into is None
    assert Appointment.objects.filter(patient=other).count() == 1


def test_without_that_look_the_database_refuses_the_overlap(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    patients_merging.disconnect(merging.patients_merge, dispatch_uid="visits allow the merging")
    try:
        make_them_overlap(clinic, kept, other)
        with pytest.raises(IntegrityError), transaction.atomic():
            merge(clinic, kept, other)
    finally:
        patients_merging.connect(merging.patients_merge, dispatch_uid="visits allow the merging")


def test_two_running_series_are_refused_in_words(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    book(clinic, kept)
    book(clinic, other, first_day=FIRST_DAY + timedelta(days=60))

    with pytest.raises(Refused, match="Both records have a running series: Six infusions at Harbor"):
        merge(clinic, kept, other)


def test_a_doctors_no_on_either_record_holds_for_all_visits(clinic: Clinic) -> None:
    kept = make_patient(clinic.site, cleared=True)
    series = book(clinic, kept)
    other = make_patient(clinic.site)
    with clock.at_moment(NOW + timedelta(hours=1)):
        Clearance.objects.create(
            patient=other, decision="refused", decided_by=clinic.doctor, decided_at=clock.now(), reason="seizure"
        )
        merge(clinic, kept, other)

    series.refresh_from_db()
    assert series.status == Series.Status.ON_HOLD


def test_twice_is_once_and_a_third_record_is_followed(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    merge(clinic, kept, other)
    merge(clinic, kept, other)
    third = make_patient(clinic.site)
    merge(clinic, third, kept)

    other.refresh_from_db()
    assert other.merged_into == third
    with pytest.raises(Refused, match="was merged into another meanwhile"):
        merge(clinic, other, make_patient(clinic.site))


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.DOCTOR, Role.MANAGER])
def test_who_may_change_patients_may_merge_them(clinic: Clinic, pair: tuple[Patient, Patient], role: Role) -> None:
    actions.merge_patients(by=clinic.by(role), kept=pair[0], other=pair[1], reason="same")

    assert Patient.objects.get(pk=pair[1].pk).merged_into == pair[0]


def test_it_is_refused_without_a_reason_with_itself_and_when_one_has_died(
    clinic: Clinic, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    with pytest.raises(Refused, match="how you know"):
        merge(clinic, kept, other, reason=" ")
    with pytest.raises(Refused, match="the same record"):
        merge(clinic, kept, kept)
    Patient.objects.filter(pk=other.pk).update(deceased_at=date(2027, 4, 1))
    with pytest.raises(Refused, match="has died, the other does not"):
        merge(clinic, kept, other)


def test_an_account_without_a_role_merges_nobody(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    member = make_staff(clinic.site, "Olly Newman")
    assert member.user is not None
    with pytest.raises(NotAllowed):
        actions.merge_patients(by=Actor.of(member.user), kept=pair[0], other=pair[1], reason="same")


def test_what_both_have_from_one_source_is_not_doubled(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    for patient in pair:
        Observation.objects.create(
            patient=patient, measure="pain", value=4, effective_at=NOW, source="import", source_id="o1"
        )

    merge(clinic, kept, other)

    assert kept.observations.count() == 1
    assert other.observations.count() == 1


def test_news_about_each_record_stays_apart(clinic: Clinic, pair: tuple[Patient, Patient]) -> None:
    kept, other = pair
    for patient in pair:
        actions.decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=date(2028, 1, 1)
        )

    merge(clinic, kept, other)

    assert Message.objects.filter(patient=kept, kind=Message.Kind.NEWS).count() == 2


def test_a_merged_record_is_found_by_its_number_only_and_leads_to_the_other(
    clinic: Clinic, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    user = clinic.clerk.user
    assert isinstance(user, User)
    merge(clinic, kept, other)

    assert list(search(user, "Lind")) == [kept]
    assert list(search(user, str(other.record_number))) == [kept]


def test_a_later_import_finds_the_record_that_stays_and_leaves_its_fields_alone(clinic: Clinic) -> None:
    assert imported(clinic.site, bundle(in_file(), condition())).refused == ""
    other = Patient.objects.get()
    kept = make_patient(clinic.site, given_name="Berto", family_name="Atenzio", birth_date=date(1993, 7, 6))
    merge(clinic, kept, other)

    again = imported(clinic.site, bundle(in_file(), condition(), pain()))

    assert again.refused == ""
    kept.refresh_from_db()
    assert (kept.given_name, kept.family_name) == ("Berto", "Atenzio")
    assert [one.patient for one in again.imported] == [kept]
    assert kept.observations.count() == 1
    assert kept.conditions.count() == 1
    assert Patient.objects.count() == 2


def test_two_imported_records_do_not_overwrite_each_other_by_turns(clinic: Clinic) -> None:
    second = {"id": "p2", "identifier": [{"system": "https://records.example/synthetic", "value": "p-2"}]}
    imported(clinic.site, bundle(in_file()))
    kept = Patient.objects.get()
    imported(clinic.site, bundle(in_file(**second, birthDate="1993-06-08")))
    merge(clinic, kept, Patient.objects.exclude(pk=kept.pk).get())

    for _turn in range(2):
        imported(clinic.site, bundle(in_file()))
        imported(clinic.site, bundle(in_file(**second, birthDate="1993-06-08")))

    kept.refresh_from_db()
    assert kept.birth_date == date(1993, 6, 7)
    assert ImportedField.objects.filter(patient=kept, field="birth_date").count() == 1


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    client = Client()
    assert clinic.clerk.user is not None
    client.force_login(clinic.clerk.user)
    return client


def test_the_clerk_compares_two_records_and_merges_them(
    clinic: Clinic, desk: Client, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    address = reverse("desk:patient_merge", args=[other.pk])
    assert str(kept.record_number) in desk.get(address).content.decode()
    assert "This cannot be undone" in desk.get(address, {"other": str(kept.pk)}).content.decode()
    form = {"other": kept.pk, "keep": "other", "reason": "asked on the telephone"}
    assert desk.post(address, form | {"keep": ""}).status_code == 422

    desk.post(address, form)

    other.refresh_from_db()
    assert other.merged_into == kept


def test_the_page_of_a_merged_record_leads_to_the_one_that_stays(
    clinic: Clinic, desk: Client, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    merge(clinic, kept, other)

    answer = desk.get(reverse("desk:patient", args=[other.pk]), follow=True)

    assert answer.redirect_chain == [(reverse("desk:patient", args=[kept.pk]), 302)]
    assert f"Record {other.record_number} is part of record {kept.record_number} now." in answer.content.decode()
    edit = desk.get(reverse("desk:patient_edit", args=[other.pk]), follow=True)
    assert edit.redirect_chain == [(reverse("desk:patient_edit", args=[kept.pk]), 302)]


def test_a_form_left_open_on_a_record_that_was_merged_comes_back_filled_in_on_the_one_that_stays(
    clinic: Clinic, desk: Client, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    address = reverse("desk:contact_new", args=[other.pk])
    typed = {"name": "Rosa Lind", "phone": "+1 518 555 0188"}
    merge(clinic, kept, other)

    answer = desk.post(address, typed, follow=True)

    assert answer.redirect_chain == [(reverse("desk:contact_new", args=[kept.pk]), 302)]
    page = answer.content.decode()
    assert f"Record {other.record_number} is part of record {kept.record_number} now." in page
    assert "nothing was done. What you typed is here" in page
    assert 'value="Rosa Lind"' in page
    assert not Contact.objects.filter(name="Rosa Lind").exists()
    assert 'value="Rosa Lind"' not in desk.get(reverse("desk:contact_new", args=[kept.pk])).content.decode()


def test_a_record_merged_at_a_site_of_others_is_still_no_page(
    clinic: Clinic, desk: Client, pair: tuple[Patient, Patient]
) -> None:
    there = make_clinic(name="Mesa", time_zone="America/Phoenix")
    kept, other = make_patient(there.site), make_patient(there.site)
    merge(there, kept, other)

    assert desk.get(reverse("desk:patient", args=[other.pk])).status_code == 404
    assert desk.post(reverse("desk:contact_new", args=[other.pk]), {"name": "R"}).status_code == 404


def test_what_was_typed_stays_when_merging_is_refused(
    clinic: Clinic, desk: Client, pair: tuple[Patient, Patient]
) -> None:
    kept, other = pair
    book(clinic, kept)
    book(clinic, other, first_day=FIRST_DAY + timedelta(days=60))
    form = {"other": other.pk, "keep": "this", "reason": "asked on the telephone"}

    answer = desk.post(reverse("desk:patient_merge", args=[kept.pk]), form)

    assert answer.status_code == 422
    assert "Both records have a running series" in answer.content.decode()
    assert "asked on the telephone" in answer.content.decode()
