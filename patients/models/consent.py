"""What a patient signs before a treatment, and the paper or picture that shows it."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from patients.models.patient import Contact, Patient


class ConsentForm(models.Model):
    """One version of the treatment consent's text. A version in use is never changed; a new one is added."""

    version = models.CharField(_("version"), max_length=40, unique=True)
    #: {"en": text, "es": text}: plain text, paragraphs apart by an empty line.
    text = models.JSONField(_("text"))
    #: How long a signature under it holds, in days.
    valid_days = models.PositiveSmallIntegerField(_("valid for, in days"), default=365)
    is_current = models.BooleanField(_("signed from now on"), default=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(F("is_current"), condition=Q(is_current=True), name="consent_form_one_current"),
            models.CheckConstraint(condition=Q(valid_days__gte=1), name="consent_form_holds_a_day"),
        ]

    def __str__(self) -> str:
        return self.version

    def text_in(self, language: str) -> str:
        """The text in that language, else in English."""
        return str(self.text.get(language) or self.text.get("en", ""))


class Consent(models.Model):
    """The treatment consent that was signed: which form, by whom, when, until when."""

    class How(models.TextChoices):
        PAPER = "paper", _("on paper")
        DRAWN = "drawn", _("on the screen")
        TYPED = "typed", _("by typing the name")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="consents")
    form_version = models.CharField(_("form version"), max_length=40)
    #: The text that was signed, where it was shown on the screen.
    form = models.ForeignKey(ConsentForm, models.PROTECT, null=True, blank=True, related_name="consents")
    signed_by = models.CharField(_("signed by"), max_length=120)
    #: Empty when the patient signed.
    relationship = models.CharField(_("relationship to the patient"), max_length=60, blank=True)
    #: The contact who signed for the patient, being allowed to decide.
    signer = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="consents_signed")
    how = models.CharField(_("how it was signed"), max_length=5, choices=How.choices, default=How.PAPER)
    signed_at = models.DateTimeField(_("signed at"))
    valid_until = models.DateField(_("valid until"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-signed_at"]
        constraints = [models.CheckConstraint(condition=~Q(signed_by=""), name="consent_names_who_signed")]

    def __str__(self) -> str:
        return f"{self.form_version}, {self.signed_at:%Y-%m-%d}"


class Digest(Func):
    """SHA-256 of bytes, in hexadecimal, as the database computes it."""

    template = "encode(sha256(%(expressions)s), 'hex')"
    output_field = models.TextField()


class ConsentDocument(models.Model):
    """The signature as drawn, or the scan of the signed paper; docs/decisions/consent-documents.md says why it lies in
    the database.

    `digest` is the SHA-256 of the content, which the database checks: what is shown is what was kept.
    """

    class Kind(models.TextChoices):
        PDF = "application/pdf", _("PDF")
        JPEG = "image/jpeg", _("JPEG picture")
        PNG = "image/png", _("PNG picture")
        SVG = "image/svg+xml", _("drawn signature")

    #: Bytes: a scan of several pages at 300 dpi is smaller.
    BIGGEST = 10 * 2**20

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    consent = models.OneToOneField(Consent, models.CASCADE, related_name="document")
    media_type = models.CharField(max_length=16, choices=Kind.choices)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=10 * 2**20), name="consent_document_of_a_size"),
            models.CheckConstraint(
                condition=Q(size=Func(F("content"), function="length", output_field=models.IntegerField())),
                name="consent_document_whole",
            ),
            models.CheckConstraint(condition=Q(digest=Digest("content")), name="consent_document_unchanged"),
        ]

    def __str__(self) -> str:
        return f"{self.get_media_type_display()}, {self.size} bytes"
