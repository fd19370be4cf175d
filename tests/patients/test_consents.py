"""Signed consents: on the screen, on paper with a scan, by whom, and who may read what was kept."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused
from clinic.models import AuditEvent, User
from clinic.permissions import Role
from patients import actions
from patients.documents import SCANS, read_drawing, read_scan
from patients.models import Consent, ConsentDocument, ConsentForm, Contact, Patient
from tests.factories import NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50 + b"IEND\xaeB`\x82"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 50 + b"\xff\xd9"
SIGNATURE = json.dumps([[[10, 100], [200, 40], [300, 160]], [[320, 90], [500, 90]]])


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def text(clinic: Clinic) -> ConsentForm:
    return actions.add_consent_form(
        by=clinic.by(Role.MANAGER),
        version="2027-01",
        text={"en": "I was told.\n\nI agree.", "es": "Se me explicó."},
        valid_days=90,
    )


def signed_in(clinic: Clinic, role: Role) -> Client:
    user = clinic.by(role).user
    assert isinstance(user, User)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    return signed_in(clinic, Role.FRONT_DESK)


def tablet_of(client: Client, patient: Patient) -> Client:
    """The same browser, handed over to sign; whose it was signs in again."""
    user = client.session["_auth_user_id"]
    tablet = Client()
    tablet.force_login(User.objects.get(pk=user))
    assert tablet.post(reverse("desk:consent_sign", args=[patient.pk]))["Location"] == reverse("portal:consent")
    return tablet


def sign(client: Client, patient: Patient, text: ConsentForm, **typed: Any) -> Any:
    form = {"form": text.pk, "signer": "patient", "drawing": "", "typed_name": ""} | typed
    return tablet_of(client, patient).post(reverse("portal:consent"), form)


def guardian_of(patient: Patient, **fields: Any) -> Contact:
    values: dict[str, Any] = {"name": "Maud Quill", "relationship": "mother", "is_adult": True, "may_decide": True}
    return Contact.objects.create(patient=patient, **(values | fields))


def test_a_drawn_signature_is_kept_as_a_picture_of_its_lines(clinic: Clinic, desk: Client, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)

    assert "Your signature is kept" in sign(desk, patient, text, drawing=SIGNATURE).content.decode()

    consent = patient.consents.get()
    assert (consent.how, consent.form, consent.form_version) == ("drawn", text, "2027-01")
    assert (consent.signed_by, consent.signed_at) == (patient.name, NOW)
    assert consent.valid_until == date(2027, 4, 5) + timedelta(days=90)
    assert b"M10 100 L200 40 L300 160 M320 90 L500 90" in bytes(consent.document.content)


def test_without_a_script_the_typed_name_signs(clinic: Clinic, desk: Client, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)

    refused = sign(desk, patient, text, typed_name="Somebody Else")
    assert refused.status_code == 422
    assert f"type the name as it stands here: {patient.name}" in refused.content.decode()
    assert "Somebody Else" in refused.content.decode()
    sign(desk, patient, text, typed_name=patient.name.upper())

    assert patient.consents.get().how == Consent.How.TYPED
    assert not ConsentDocument.objects.exists()


def test_the_page_to_sign_speaks_the_patients_language_and_shows_nothing_else(
    clinic: Clinic, desk: Client, text: ConsentForm
) -> None:
    patient = make_patient(clinic.site, language="es")
    page = tablet_of(desk, patient).get(reverse("portal:consent")).content.decode()

    assert "Se me explicó." in page
    assert "Lea y firme" in page
    assert 'aria-label="Main"' not in page
    assert patient.phone not in page


def test_the_tablet_is_signed_out_opens_the_text_alone_and_is_shut_by_the_signature(
    clinic: Clinic, desk: Client, text: ConsentForm
) -> None:
    patient = make_patient(clinic.site)
    tablet = tablet_of(desk, patient)

    assert tablet.get(reverse("desk:patient", args=[patient.pk]))["Location"].startswith("/accounts/login/")
    for name in ("home", "screening", "tablet"):
        assert tablet.get(reverse(f"portal:{name}")).status_code == 403
    form = {"form": text.pk, "signer": "patient", "typed_name": patient.name}
    assert "Your signature is kept" in tablet.post(reverse("portal:consent"), form).content.decode()
    assert tablet.get(reverse("portal:consent")).status_code == 403

    assert patient.consents.get().recorded_by == clinic.by(Role.FRONT_DESK).user, "who handed it over"
    assert AuditEvent.objects.filter(table="patients_consent", actor_kind="patient").exists()


def test_without_a_text_there_is_nothing_to_sign_and_nobody_is_signed_out(clinic: Clinic, desk: Client) -> None:
    patient = make_patient(clinic.site)

    page = desk.post(reverse("desk:consent_sign", args=[patient.pk]), follow=True)

    assert "No text to sign is set up yet" in page.content.decode()
    assert desk.get(reverse("desk:consent_sign", args=[patient.pk])).status_code == 405


def test_a_minor_does_not_sign_but_the_guardian_does(clinic: Clinic, desk: Client, text: ConsentForm) -> None:
    child = make_patient(clinic.site, birth_date=date(2012, 1, 1))
    guardian = guardian_of(child)

    assert sign(desk, child, text, drawing=SIGNATURE).status_code == 422
    sign(desk, child, text, drawing=SIGNATURE, signer=str(guardian.pk))

    consent = child.consents.get()
    assert (consent.signer, consent.signed_by, consent.relationship) == (guardian, "Maud Quill", "mother")


def test_who_may_not_decide_cannot_sign(clinic: Clinic, desk: Client, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)
    friend = guardian_of(patient, may_decide=False)

    assert sign(desk, patient, text, drawing=SIGNATURE, signer=str(friend.pk)).status_code == 422
    with pytest.raises(Refused, match="may not decide for the patient"):
        actions.sign_consent(
            by=clinic.by(Role.NURSE),
            patient=patient,
            form=text,
            signer=friend,
            drawing=read_drawing(SIGNATURE),
        )


def test_a_text_that_was_replaced_meanwhile_is_not_signed(clinic: Clinic, desk: Client, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)
    actions.add_consent_form(by=clinic.by(Role.MANAGER), version="2027-02", text={"en": "New."}, valid_days=90)

    answer = sign(desk, patient, text, drawing=SIGNATURE)

    assert "The text has changed since this page was opened" in answer.content.decode()
    assert not patient.consents.exists()
    assert ConsentForm.objects.get(is_current=True).version == "2027-02"


@pytest.mark.parametrize(
    "drawing",
    [
        "x",
        "5",
        "[[[1]]]",
        '[[["a", 2]]]',
        "[[[1, 2], [3, 4]]]",
        "[[[0, 0], [9999, 0]]]",
        "[" * 5000,
        "[[[1e999, 1]]]",
    ],
)
def test_what_is_no_signature_is_refused_in_words(drawing: str) -> None:
    with pytest.raises(Refused) as refused:
        read_drawing(drawing)
    assert refused.value.field == "drawing"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PDF, JPEG or PNG"),
        (b"MZ" + PDF, "no PDF, JPEG or PNG"),
        (b"<html>%PDF-</html>", "no PDF, JPEG or PNG"),
        (PNG[:-12], "breaks off"),
        (PDF.replace(b"%%EOF", b""), "breaks off"),
        (PDF.replace(b"<<>>", b"<</JavaScript (x)>>"), "holds a program"),
        (JPEG + b"x" * ConsentDocument.BIGGEST, "larger than 10 MB"),
    ],
)
def test_what_is_no_scan_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_scan(content)


@pytest.mark.parametrize("content", [PNG, PDF, JPEG])
def test_a_scan_is_known_by_what_it_contains(content: bytes) -> None:
    document = read_scan(content)
    assert content.startswith(SCANS[document.media_type][0])


def on_paper(patient: Patient, **typed: Any) -> dict[str, Any]:
    return {
        "form_version": "2026-01",
        "signer": "patient",
        "signed_on": "2027-04-05",
        "signed_time": "08:30",
        "valid_until": "2028-04-05",
    } | typed


def test_a_paper_consent_comes_with_its_scan_whatever_the_file_is_called(clinic: Clinic, desk: Client) -> None:
    patient = make_patient(clinic.site)
    scan = SimpleUploadedFile("x.exe", PDF, content_type="text/plain")

    answer = desk.post(reverse("desk:patient_consent", args=[patient.pk]), on_paper(patient, scan=scan))

    assert answer.status_code == 302
    document = patient.consents.get().document
    assert (document.media_type, bytes(document.content)) == ("application/pdf", PDF)
    got = desk.get(reverse("desk:consent_document", args=[patient.pk, patient.consents.get().pk]))
    assert got.content == PDF
    assert got.headers["Content-Disposition"].startswith("attachment; filename=")
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_false_scan_saves_nothing_and_keeps_what_was_typed(clinic: Clinic, desk: Client) -> None:
    patient = make_patient(clinic.site)
    false = SimpleUploadedFile("scan.pdf", b"MZ\x90", content_type="application/pdf")

    answer = desk.post(reverse("desk:patient_consent", args=[patient.pk]), on_paper(patient, scan=false))

    assert answer.status_code == 422
    assert "no PDF, JPEG or PNG" in answer.content.decode()
    assert 'value="2026-01"' in answer.content.decode()
    assert not Consent.objects.exists()


def test_a_scan_can_follow_and_is_never_replaced(clinic: Clinic, desk: Client) -> None:
    patient = make_patient(clinic.site, consented=True)
    address = reverse("desk:consent_scan", args=[patient.pk, patient.consents.get().pk])

    desk.post(address, {"scan": SimpleUploadedFile("a.png", PNG)})
    assert desk.post(address, {"scan": SimpleUploadedFile("a.png", PNG)}).status_code == 302
    answer = desk.post(address, {"scan": SimpleUploadedFile("b.pdf", PDF)})

    assert "is kept with this consent already" in answer.content.decode()
    assert bytes(ConsentDocument.objects.get().content) == PNG


def test_only_who_may_record_consents_of_that_site_reads_them(clinic: Clinic, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)
    sign(signed_in(clinic, Role.NURSE), patient, text, drawing=SIGNATURE)
    address = reverse("desk:consent_document", args=[patient.pk, patient.consents.get().pk])
    other = make_patient(clinic.site)

    assert signed_in(clinic, Role.NURSE).get(address).status_code == 200
    assert signed_in(clinic, Role.MANAGER).get(address).status_code == 403
    assert signed_in(make_clinic(name="Hill"), Role.NURSE).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    wrong = reverse("desk:consent_document", args=[other.pk, patient.consents.get().pk])
    assert signed_in(clinic, Role.NURSE).get(wrong).status_code == 404


def test_the_database_refuses_a_document_that_is_not_what_its_digest_says(clinic: Clinic, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)
    sign(signed_in(clinic, Role.NURSE), patient, text, drawing=SIGNATURE)

    with pytest.raises(IntegrityError, match="consent_document_unchanged"), transaction.atomic():
        ConsentDocument.objects.update(content=bytes(ConsentDocument.objects.get().content).replace(b"M10", b"M11"))


def test_the_trail_names_the_signature_but_does_not_hold_it(clinic: Clinic, text: ConsentForm) -> None:
    patient = make_patient(clinic.site)
    sign(signed_in(clinic, Role.NURSE), patient, text, drawing=SIGNATURE)

    event = AuditEvent.objects.get(table="patients_consentdocument")
    assert event.action == "sign_consent"
    assert event.after is not None
    assert "content" not in event.after
    assert event.after["digest"] == ConsentDocument.objects.get().digest


def test_a_manager_adds_a_text_and_a_version_is_never_used_twice(clinic: Clinic, text: ConsentForm) -> None:
    manager = signed_in(clinic, Role.MANAGER)
    address = reverse("desk:consent_texts")
    form = {"version": "2027-01", "valid_days": "365", "text_en": "Changed."}

    assert "There is a version “2027-01” already" in manager.post(address, form).content.decode()
    assert manager.post(address, form | {"version": "2027-02"}).status_code == 302

    text.refresh_from_db()
    assert (text.is_current, text.text["en"]) == (False, "I was told.\n\nI agree.")
