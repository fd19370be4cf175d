"""The patients' pages, as the people of the clinic use them."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.permissions import ROLE_PERMISSIONS, Permission, Role
from patients import actions
from patients.models import Contact, Patient, Questionnaire
from scheduling.models import Appointment
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.patients.bundles import bundle, condition, patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


def signed_in(clinic: Clinic, role: Role) -> Client:
    user = clinic.by(role).user
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    return signed_in(clinic, Role.FRONT_DESK)


def typed(clinic: Clinic, **changes: object) -> dict[str, object]:
    """A new patient as typed into the form."""
    values: dict[str, object] = {
        "key": uuid4(),
        "site": clinic.site.pk,
        "given_name": "Rosa",
        "family_name": "Lind",
        "birth_date": "1971-03-02",
        "sex": "female",
        "channel": "mail",
        "language": "en",
        "phone": "518 555 0123",
    }
    return values | changes


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(f"desk:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_a_clerk_adds_a_patient_and_lands_on_the_page(clinic: Clinic, desk: Client) -> None:
    response = desk.post(reverse("desk:patient_new"), typed(clinic), follow=True)
    person = Patient.objects.get()
    assert response.redirect_chain == [(reverse("desk:patient", args=[person.pk]), 302)]
    assert f"Rosa Lind is added, with record number {person.record_number}." in response.content.decode()


def test_the_same_form_twice_makes_one_patient(clinic: Clinic, desk: Client) -> None:
    form = typed(clinic)
    first = desk.post(reverse("desk:patient_new"), form)
    second = desk.post(reverse("desk:patient_new"), form)
    assert first["Location"] == second["Location"]
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "none"}, "is not a telephone number"),
        ({"email": "rosa(at)example.org"}, "is not an email address"),
        ({"birth_date": "2031-01-01"}, "lies in the future"),
        ({"birth_date": "31.12.1971"}, "That is not a date"),
        ({"birth_date": "2015-01-01"}, "only with a guardian"),
        ({"family_name": ""}, "Please fill in “Family name”."),
        ({"given_name": "Ro\x00sa"}, "Null characters are not allowed"),
    ],
)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(
    clinic: Clinic, desk: Client, changes: dict[str, object], words: str
) -> None:
    response = desk.post(reverse("desk:patient_new"), typed(clinic, city="Troyville") | changes)
    text = response.content.decode()
    assert response.status_code == 422
    assert words in text
    assert "Troyville" in text
    assert not Patient.objects.exists()


def test_somebody_known_is_shown_before_a_second_record_is_made(clinic: Clinic, desk: Client) -> None:
    known = make_patient(clinic.site, given_name="Rósa", family_name="Lindt", birth_date=date(1971, 3, 2))
    form = typed(clinic)
    response = desk.post(reverse("desk:patient_new"), form)
    assert response.status_code == 409
    assert str(known.record_number) in response.content.decode()
    assert Patient.objects.count() == 1
    desk.post(reverse("desk:patient_new"), form | {"anyway": "on"})
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    "text", ["jose", "GARC", "garcia jose", "1971-03-02", "3/2/1971", "555-0199", "(518) 555 0199"]
)
def test_a_patient_is_found_by_what_is_known(clinic: Clinic, desk: Client, text: str) -> None:
    make_patient(
        clinic.site, given_name="José", family_name="García", birth_date=date(1971, 3, 2), phone="+15185550199"
    )
    make_patient(clinic.site, given_name="Ida", family_name="Wells", phone="+15185550111")
    found = page(desk, "patients", q=text)
    assert "García" in found
    assert "Wells" not in found


def test_a_patient_is_found_by_the_record_number(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site, family_name="García", phone="")
    person.refresh_from_db()
    assert "García" in page(desk, "patients", q=str(person.record_number))


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "\x00", "9" * 60, "x " * 40, "0001-99-99"])
def test_a_strange_search_finds_nobody_and_breaks_nothing(clinic: Clinic, desk: Client, text: str) -> None:
    make_patient(clinic.site, family_name="García")
    response = desk.get(reverse("desk:patients"), {"q": text})
    assert response.status_code == 200
    assert ("García" in response.content.decode()) is (text == "\x00")


def test_htmx_gets_the_rows_that_the_whole_page_shows(clinic: Clinic, desk: Client) -> None:
    make_patient(clinic.site, family_name="García")
    rows = desk.get(reverse("desk:patients"), headers={"HX-Request": "true"}).content.decode()
    whole = desk.get(reverse("desk:patients")).content.decode()
    assert "<html" not in rows
    assert rows.strip() in whole


def test_the_list_asks_the_database_as_often_for_many_as_for_one(clinic: Clinic, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(desk, "patients")
        return len(captured)

    for _number in range(2):
        make_patient(clinic.site)
    queries()  # The first page of a session also counts what the navigation shows.
    few = queries()
    for number in range(20):
        person = make_patient(clinic.site)
        starts = NOW + timedelta(days=1 + number)
        Appointment.objects.create(
            patient=person,
            site=clinic.site,
            protocol_version=clinic.consult,
            kind=Appointment.Kind.CONSULT,
            status=Appointment.Status.BOOKED,
            starts=starts,
            ends=starts + timedelta(minutes=45),
            created_at=NOW,
        )
    assert queries() == few


def test_the_patients_page_asks_the_database_as_often_for_many_rows(clinic: Clinic) -> None:
    doctor = signed_in(clinic, Role.DOCTOR)
    person = make_patient(clinic.site, cleared=True, consented=True)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(doctor, "patient", person.pk)
        return len(captured)

    answers = {question["id"]: "yes" for question in Questionnaire.objects.get(is_current=True).questions}
    actions.record_screening(by=clinic.by(Role.NURSE), patient=person, answers=answers | {"heart": "no"})
    actions.add_contact(by=clinic.by(Role.FRONT_DESK), patient=person, name="A")
    queries()
    few = queries()
    actions.record_screening(by=clinic.by(Role.NURSE), patient=person, answers=answers)
    for number in range(5):
        actions.add_contact(by=clinic.by(Role.FRONT_DESK), patient=person, name=f"B{number}")
    assert queries() == few


def test_a_patient_of_another_site_is_not_there(clinic: Clinic, desk: Client) -> None:
    other = make_clinic(name="Hill")
    stranger = make_patient(other.site, family_name="Stranger")
    assert "Stranger" not in page(desk, "patients")
    contact = Contact.objects.create(patient=stranger, name="C")
    for name, args in (
        ("patient", [stranger.pk]),
        ("patient_edit", [stranger.pk]),
        ("patient_death", [stranger.pk]),
        ("contact_new", [stranger.pk]),
        ("contact_edit", [stranger.pk, contact.pk]),
        ("patient_consent", [stranger.pk]),
    ):
        assert desk.get(reverse(f"desk:{name}", args=args)).status_code == 404, name


def test_a_contact_of_another_patient_is_not_there(clinic: Clinic, desk: Client) -> None:
    one, other = make_patient(clinic.site), make_patient(clinic.site)
    contact = Contact.objects.create(patient=other, name="C")
    assert desk.get(reverse("desk:contact_edit", args=[one.pk, contact.pk])).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if Permission.VIEW_PATIENTS in ROLE_PERMISSIONS[role]])
def test_only_clinical_staff_see_findings_and_answers(clinic: Clinic, role: Role) -> None:
    person = make_patient(clinic.site)
    answers = {question["id"]: "no" for question in Questionnaire.objects.get(is_current=True).questions}
    actions.record_screening(
        by=clinic.by(Role.NURSE), patient=person, answers=answers | {"seizure": "yes"}, medicines="Lamotrigine 50"
    )
    actions.decide_clearance(by=clinic.by(Role.DOCTOR), patient=person, decision="refused", reason="Seizure last month")
    text = page(signed_in(clinic, role), "patient", person.pk)
    sees = role in {Role.NURSE, Role.DOCTOR}
    for words in ("ever had a seizure", "Lamotrigine 50", "Seizure last month"):
        assert (words in text) is sees
    assert "A doctor has refused the treatment." in text


def test_a_clerk_does_not_open_the_screening(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    assert desk.get(reverse("desk:patient_screening", args=[person.pk])).status_code == 403


def test_a_nurse_enters_a_screening_with_no_answer_given_beforehand(clinic: Clinic) -> None:
    nurse = signed_in(clinic, Role.NURSE)
    person = make_patient(clinic.site, language="es")
    address = reverse("desk:patient_screening", args=[person.pk])
    form = nurse.get(address).content.decode()
    assert "checked" not in form
    assert "¿Ha tenido alguna vez una convulsión" in form
    answers = {question["id"]: "no" for question in Questionnaire.objects.get(is_current=True).questions}
    incomplete = nurse.post(address, {name: answer for name, answer in answers.items() if name != "seizure"})
    assert incomplete.status_code == 422
    assert "Answer yes, no or not sure." in incomplete.content.decode()
    assert not person.screenings.exists()
    nurse.post(address, answers | {"thyroid": "unsure"})
    assert [flag.kind for flag in person.flags.all()] == ["thyroid"]


def test_a_consent_is_entered_at_the_sites_own_time(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    address = reverse("desk:patient_consent", args=[person.pk])
    form = {
        "form_version": "2026-01",
        "signer": "patient",
        "signed_on": "2027-04-05",
        "signed_time": "08:30",
        "valid_until": "2028-04-05",
    }
    ahead = desk.post(address, form | {"signed_on": "2027-04-06"})
    assert ahead.status_code == 422
    assert "lies in the future" in ahead.content.decode()
    desk.post(address, form)
    consent = person.consents.get()
    assert consent.signed_at == clinic.at(date(2027, 4, 5), 8, 30)
    desk.post(reverse("desk:consent_withdraw", args=[person.pk, consent.pk]), {"reason": "changed her mind"})
    consent.refresh_from_db()
    assert consent.withdrawn_at == NOW


def test_contacts_are_added_and_changed(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    form = {"name": "Tom Quill", "phone": "518 555 0177", "channel": "text", "language": "en", "may_drive": "on"}
    refused = desk.post(reverse("desk:contact_new", args=[person.pk]), form)
    assert "Only somebody who is 18 or older may drive" in refused.content.decode()
    desk.post(reverse("desk:contact_new", args=[person.pk]), form | {"is_adult": "on"})
    contact = person.contacts.get()
    assert contact.phone == "+15185550177"
    address = reverse("desk:contact_edit", args=[person.pk, contact.pk])
    seen = desk.get(address).context["form"].initial["seen"]
    change = form | {"is_adult": "on", "name": "Tom Q.", "seen": seen}
    desk.post(address, change)
    contact.refresh_from_db()
    assert (contact.name, contact.is_active) == ("Tom Q.", False)
    late = desk.post(address, change | {"name": "Thomas Q."})
    assert late.status_code == 422
    assert "Finn Okafor changed" in late.content.decode()
    assert 'value="Thomas Q."' in late.content.decode()
    contact.refresh_from_db()
    assert contact.name == "Tom Q."
    desk.post(address, late.context["form"].data)
    contact.refresh_from_db()
    assert contact.name == "Thomas Q."


def test_changing_a_patient_keeps_what_was_not_touched(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site, interpreter="Polish")
    address = reverse("desk:patient_edit", args=[person.pk])
    shown = desk.get(address).context["form"].initial
    desk.post(
        address,
        {name: value for name, value in shown.items() if value is not None and value is not False} | {"city": "Troy"},
    )
    person.refresh_from_db()
    assert (person.city, person.interpreter, person.is_active) == ("Troy", "Polish", True)


def test_the_second_clerk_is_told_who_changed_what_and_keeps_what_was_typed(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    address = reverse("desk:patient_edit", args=[person.pk])
    shown = desk.get(address).context["form"].initial
    form = {name: value for name, value in shown.items() if value is not None and value is not False}
    actions.change_patient(by=clinic.by(Role.NURSE), patient=person, phone="518 555 0166", city="Albany")

    answer = desk.post(address, form | {"city": "Troy"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert f"{clinic.by(Role.NURSE).name} has changed this record since you opened it: telephone, city" in text
    assert 'value="Troy"' in text
    person.refresh_from_db()
    assert person.city == "Albany"
    again = answer.context["form"].data
    assert desk.post(address, again).status_code == 302
    person.refresh_from_db()
    assert person.city == "Troy"


def test_a_death_is_recorded_and_can_be_taken_back(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    address = reverse("desk:patient_death", args=[person.pk])
    assert "in the future" in desk.post(address, {"on": FIRST_DAY.isoformat()}).content.decode()
    assert "Nothing can be booked" in desk.post(address, {"on": "2027-04-04"}, follow=True).content.decode()
    desk.post(address, {"on": ""})
    person.refresh_from_db()
    assert person.deceased_at is None


def test_files_are_imported_with_a_word_about_each(clinic: Clinic, desk: Client) -> None:
    good = SimpleUploadedFile("good.json", json.dumps(bundle(patient(), condition())).encode())
    bad = SimpleUploadedFile("bad.json", b'{"resourceType": "Bundle", "entry": [')
    empty = SimpleUploadedFile("empty.json", b"")
    address = reverse("desk:patient_import")
    response = desk.post(address, {"site": clinic.site.pk, "bundles": [good, bad, empty]}, follow=True)
    text = response.content.decode()
    assert response.redirect_chain == [(address, 302)]
    assert "imported 1 patients: 1 new, 0 updated, 0 unchanged; 2 files refused" in text
    assert "Alberto José Atencio" in text
    assert "cut off" in text
    assert "The file is empty." in text


def test_an_import_without_a_file_says_so(clinic: Clinic, desk: Client) -> None:
    response = desk.post(reverse("desk:patient_import"), {"site": clinic.site.pk})
    assert response.status_code == 422
    assert "Choose at least one file." in response.content.decode()


def test_a_nurse_does_not_import(clinic: Clinic) -> None:
    assert signed_in(clinic, Role.NURSE).get(reverse("desk:patient_import")).status_code == 403


def test_reading_pages_changes_nothing(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    before = Patient.objects.filter(pk=person.pk).values().get()
    for name in ("patient", "patient_edit", "patient_death", "contact_new", "patient_consent"):
        page(desk, name, person.pk)
    assert Patient.objects.filter(pk=person.pk).values().get() == before
    assert not person.consents.exists()


def test_every_field_of_the_forms_about_a_patient_can_be_filled_in(clinic: Clinic, desk: Client) -> None:
    person = make_patient(clinic.site)
    for address in (reverse("desk:patient_new"), reverse("desk:patient_edit", args=[person.pk])):
        answer = desk.get(address)
        fields = set(answer.context["form"].fields) - {"anyway"}  # asked where somebody like the new one is known
        left_out = [name for name in fields if f'name="{name}"' not in answer.content.decode()]
        assert left_out == [], address


def test_consent_to_a_channel_is_asked_and_kept(clinic: Clinic, desk: Client) -> None:
    desk.post(reverse("desk:patient_new"), typed(clinic, email="rosa@example.org", text_consent="on"))

    person = Patient.objects.get()

    assert (person.mail_consent, person.text_consent) == (False, True)
