"""What a patient, or who decides for the patient, signs before a treatment; and what shows it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import User
from patients.actions.checks import home_site
from patients.actions.findings import CLOCK_SKEW
from patients.actions.withdrawing import withdraw
from patients.documents import Document
from patients.models import Consent, ConsentDocument, ConsentForm, Contact, Patient
from patients.selectors import deciders, is_minor


@action
def record_consent(
    *,
    by: Actor,
    patient: Patient,
    form_version: str,
    signed_by: str,
    signed_at: datetime,
    valid_until: date,
    relationship: str = "",
    signer: Contact | None = None,
    scan: Document | None = None,
) -> Consent:
    """Record a treatment consent signed on paper: which form, who signed (`signer`: a contact who may decide; else
    `signed_by`, with `relationship` empty for the patient), when (aware), valid until which day, with the scan.

    Raises Refused for a signature in the future, an end before it, a missing form version or signer, a signer who may
    not decide, and for a minor's own signature."""
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    if not form_version.strip():
        raise Refused(_("Say which version of the form was signed. Nothing was saved."), field="form_version")
    if signer is None and not signed_by.strip():
        raise Refused(_("Say who signed. Nothing was saved."), field="signed_by")
    if signed_at > clock.now() + CLOCK_SKEW:
        raise Refused(_("The signature lies in the future. Nothing was saved; correct the date."), field="signed_at")
    signed_on = clock.local(signed_at, home_site(patient).zone).date()
    if valid_until < signed_on:
        raise Refused(
            _("The consent would end before it was signed. Nothing was saved; correct the date."), field="valid_until"
        )
    if signer is None and is_minor(patient, signed_on):
        signer = _guardian_called(patient, signed_by) if relationship.strip() else None
        if signer is None:
            raise _guardian_signs("signed_by" if relationship.strip() else "relationship")
    if signer is not None:
        _check_signer(patient, signer)
        signed_by, relationship = signer.name, relationship or signer.relationship or _("may decide")
    consent = Consent.objects.create(
        patient=patient,
        form_version=form_version.strip(),
        signed_by=" ".join(signed_by.split()),
        relationship=relationship.strip(),
        signer=signer,
        how=Consent.How.PAPER,
        signed_at=signed_at,
        valid_until=valid_until,
        recorded_by=by.user,
    )
    if scan is not None:
        _keep(consent, scan)
    return consent


@action
def sign_consent(
    *,
    by: Actor,
    patient: Patient,
    form: ConsentForm,
    signer: Contact | None,
    drawing: Document | None,
    typed_name: str = "",
    witness: User | None = None,
) -> Consent:
    """Somebody signs on the screen, now: the patient (`signer` None) or a contact who may decide; by a drawing, or by
    typing the own name. It holds for as many days as the form says. `witness`: who handed the tablet over.

    Raises Refused when there is neither, when the typed name is not the signer's, when the form was replaced meanwhile,
    for a contact who may not decide and for a minor's own signature."""
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    form.refresh_from_db()
    today = clock.today(home_site(patient).zone)
    if not form.is_current:
        raise Refused(_("The text has changed since this page was opened. Nothing was signed; read the new text."))
    if signer is None and is_minor(patient, today):
        raise _guardian_signs("signer")
    if signer is not None:
        _check_signer(patient, signer)
    name = signer.name if signer is not None else patient.name
    if drawing is None and _plain(typed_name) != _plain(name):
        raise Refused(
            _("Please sign in the field, or type the name as it stands here: %(name)s. Nothing was signed yet.")
            % {"name": name},
            field="typed_name",
        )
    consent = Consent.objects.create(
        patient=patient,
        form=form,
        form_version=form.version,
        signed_by=name,
        relationship=(signer.relationship or _("may decide")) if signer is not None else "",
        signer=signer,
        how=Consent.How.DRAWN if drawing is not None else Consent.How.TYPED,
        signed_at=clock.now(),
        valid_until=today + timedelta(days=form.valid_days),
        recorded_by=by.user or witness,
    )
    if drawing is not None:
        _keep(consent, drawing)
    return consent


@action
def add_scan(*, by: Actor, consent: Consent, scan: Document) -> ConsentDocument:
    """Keep the scan of a consent signed on paper. The same file twice is kept once.

    Raises Refused where another file is kept already: what was signed is not replaced.
    """
    locks.take([locks.patient(consent.patient_id)])
    known = ConsentDocument.objects.filter(consent=consent).first()
    if known is not None and known.digest == scan.digest:
        return known
    if known is not None:
        raise Refused(
            _("A signature is kept with this consent already. Nothing was saved; record a new consent instead."),
            field="scan",
        )
    return _keep(consent, scan)


@action
def withdraw_consent(*, by: Actor, consent: Consent, reason: str) -> Consent:
    """The patient takes the consent back; no drip starts under it from now on. Doing it twice is doing it once.

    Raises Refused without a reason.
    """
    withdraw(consent, reason)
    return consent


@action
def add_consent_form(*, by: Actor, version: str, text: Mapping[str, str], valid_days: int) -> ConsentForm:
    """A new version of the text that is signed from now on; what was signed before keeps its own.

    `text` by language, English at least. Raises Refused for a version that exists, no English text, or no days."""
    if not version.strip() or not text.get("en", "").strip():
        raise Refused(_("A version and the English text are needed. Nothing was saved."), field="version")
    if valid_days < 1:
        raise Refused(_("A signature holds for a day at least. Nothing was saved."), field="valid_days")
    current = ConsentForm.objects.select_for_update().filter(is_current=True).first()
    if ConsentForm.objects.filter(version=version.strip()).exists():
        raise Refused(
            _(
                "There is a version “%(version)s” already, and people may have signed it. Nothing was saved; choose "
                "another name for the new one."
            )
            % {"version": version.strip()},
            field="version",
        )
    if current is not None:
        current.is_current = False
        current.save(update_fields=["is_current"])
    return ConsentForm.objects.create(
        version=version.strip(),
        text={language: words.strip() for language, words in text.items() if words.strip()},
        valid_days=valid_days,
        created_at=clock.now(),
    )


def _keep(consent: Consent, document: Document) -> ConsentDocument:
    return ConsentDocument.objects.create(
        consent=consent,
        media_type=document.media_type,
        content=document.content,
        size=len(document.content),
        digest=document.digest,
        added_at=clock.now(),
    )


def _check_signer(patient: Patient, signer: Contact) -> None:
    if signer.patient_id != patient.pk or not (signer.is_active and signer.may_decide and signer.is_adult):
        raise Refused(
            _("%(name)s may not decide for the patient. Nothing was saved; change the contact first.")
            % {"name": signer.name},
            field="signer",
        )


def _guardian_called(patient: Patient, name: str) -> Contact | None:
    return next((one for one in deciders(patient) if _plain(one.name) == _plain(name)), None)


def _guardian_signs(field: str) -> Refused:
    return Refused(
        _(
            "The patient is under 18: a guardian signs. Nothing was saved; add the guardian as a contact who may "
            "decide, and say who signed and how they are related."
        ),
        field=field,
        code="minor_without_guardian",
    )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
