"""Patients and the people around them."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.actor import Actor
from clinic.models import Site, User
from clinic.sealing import SealedField, blind_index


class Channel(models.TextChoices):
    """How a person is reached (FHIR Communication.medium)."""

    MAIL = "mail", _("email")
    TEXT = "text", _("text message")
    CALL = "call", _("telephone call")
    PAPER = "paper", _("letter")


class Language(models.TextChoices):
    """Languages that patients' pages and messages come in (BCP 47)."""

    ENGLISH = "en", _("English")
    SPANISH = "es", _("Spanish")


class Sex(models.TextChoices):
    """FHIR administrative-gender."""

    FEMALE = "female", _("female")
    MALE = "male", _("male")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("not stated")


class NextRecordNumber(models.Func):
    """The next number of the sequence `patients_record_number` (made in the first migration)."""

    template = "nextval('patients_record_number')"
    output_field = models.PositiveIntegerField()
    arity = 0


class PatientQuerySet(models.QuerySet["Patient"]):
    """Patients, narrowed to who asks."""

    def for_user(self, user: User) -> "PatientQuerySet":
        """Those who come to one of the user's sites; a record that was merged into another is left out."""
        return self._at_sites_of(user).filter(merged_into__isnull=True)

    def living(self) -> "PatientQuerySet":
        """Those who may be booked and written to."""
        return self.filter(deceased_at__isnull=True, is_active=True)

    def merged_for_user(self, user: User) -> "PatientQuerySet":
        """Records of the user's sites that were merged into another: they only point there."""
        return self._at_sites_of(user).filter(merged_into__isnull=False)

    def _at_sites_of(self, user: User) -> "PatientQuerySet":
        comes = Patient.sites.through.objects.filter(
            patient=models.OuterRef("pk"), site__in=Site.objects.for_user(user).order_by()
        )
        return self.filter(models.Exists(comes))


class Patient(models.Model):
    """A person who comes for treatment (FHIR Patient). `email` and `phone` may both be empty: that is normal."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    #: The number that the clinic calls the record by; given by the database (a sequence), never reused.
    record_number = models.PositiveIntegerField(
        _("record number"), unique=True, editable=False, db_default=NextRecordNumber()
    )
    sites = models.ManyToManyField(Site, related_name="patients")
    given_name = models.CharField(_("given names"), max_length=120)
    family_name = models.CharField(_("family name"), max_length=120)
    birth_date = models.DateField(_("birth date"))
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    interpreter = models.CharField(_("needs an interpreter for"), max_length=40, blank=True)
    email = models.EmailField(_("email"), blank=True)
    #: E.164 ("+15085550123").
    phone = models.CharField(_("telephone"), max_length=20, blank=True)
    #: How the patient wishes to be reached; where it cannot be used (no address), a call-list row is made instead.
    channel = models.CharField(
        _("preferred way to be reached"), max_length=5, choices=Channel.choices, default=Channel.MAIL
    )
    #: Without the patient's yes a channel is not used, and its message becomes a call.
    mail_consent = models.BooleanField(_("agrees to email"), default=True)
    text_consent = models.BooleanField(_("agrees to text messages"), default=False)
    #: Wants only what a visit needs: dates, preparation, what to do afterwards.
    essential_only = models.BooleanField(_("only what is essential"), default=False)
    #: Set when mail to the address bounced for good: the desk calls until the address changes.
    email_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    address_line = models.CharField(_("street address"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    state = models.CharField(_("state or region"), max_length=40, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    note = models.TextField(_("note for the front desk (nothing clinical)"), blank=True)
    deceased_at = models.DateField(_("died on"), null=True, blank=True)
    is_active = models.BooleanField(_("in care"), default=True)
    #: Counts changes made at the desk: a form opened on an older one is told what changed since.
    version = models.PositiveIntegerField(default=0, editable=False)
    #: The record that this one was found to be a second copy of; it stays, and points there.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged_from"
    )
    merged_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "birth_date"]
        constraints = [
            models.CheckConstraint(condition=~Q(family_name="") & ~Q(given_name=""), name="patient_has_a_name"),
            models.CheckConstraint(
                condition=Q(deceased_at__isnull=True) | Q(deceased_at__gte=models.F("birth_date")),
                name="patient_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True, merged_at__isnull=True)
                | (
                    Q(merged_into__isnull=False, merged_at__isnull=False, is_active=False)
                    & ~Q(merged_into=models.F("id"))
                ),
                name="patient_merged_into_another",
            ),
        ]
        indexes = [
            models.Index(fields=["birth_date"], name="patient_birth_date"),
            # The few whose mail comes back: the navigation counts them on every page.
            models.Index(
                fields=["email_failed_at"],
                condition=Q(email_failed_at__isnull=False),
                name="patient_whose_mail_fails",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Given and family name, as the patient is spoken to."""
        return f"{self.given_name} {self.family_name}"

    @property
    def as_actor(self) -> Actor:
        """The `by=` of what the patient does, behind a link."""
        return Actor("patient", str(self.pk), self.name)

    @property
    def reachable_by_mail(self) -> bool:
        """Whether a message by mail may be tried."""
        return bool(self.email) and self.mail_consent and self.email_failed_at is None

    @property
    def reachable_by_text(self) -> bool:
        """Whether a text message may be sent."""
        return bool(self.phone) and self.text_consent


class PatientIdentifierQuerySet(models.QuerySet["PatientIdentifier"]):
    """Numbers, found by a digest: the numbers themselves lie encrypted."""

    def known_as(self, system: str, value: str) -> "PatientIdentifierQuerySet":
        """The one number of that system."""
        return self.filter(system=system, digest=blind_index(f"{system}|{value}"))


class PatientIdentifier(models.Model):
    """A number that some other system knows the patient by (FHIR Identifier): an insurance or identity number, say.

    It lies encrypted; a keyed digest finds it again and keeps it from being given twice. Made by `of` alone.
    """

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="identifiers")
    system = models.CharField(max_length=200)
    value = SealedField()
    #: HMAC-SHA-256 of system and value, in hexadecimal.
    digest = models.CharField(max_length=64)

    objects = PatientIdentifierQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("system", "digest", name="identifier_once")]

    def __str__(self) -> str:
        return f"{self.system}|{self.value}"

    @classmethod
    def of(cls, patient: Patient, system: str, value: str) -> "PatientIdentifier":
        """One that is not saved yet."""
        return cls(patient=patient, system=system, value=value, digest=blind_index(f"{system}|{value}"))


class Contact(models.Model):
    """A person of the patient's (FHIR RelatedPerson): may be told, may decide, may drive."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120)
    relationship = models.CharField(_("relationship"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=20, blank=True)
    email = models.EmailField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    channel = models.CharField(
        _("preferred way to be reached"), max_length=5, choices=Channel.choices, default=Channel.MAIL
    )
    #: Said by a tick, never by a birth date: whoever drives must be 18 or older.
    is_adult = models.BooleanField(_("is 18 or older"), default=False)
    may_be_told = models.BooleanField(_("may be told about visits"), default=False)
    may_decide = models.BooleanField(_("may decide for the patient"), default=False)
    may_drive = models.BooleanField(_("may drive the patient home"), default=False)
    #: An address is given for being told; whoever calls our mail unwanted takes that back, and is called.
    mail_consent = models.BooleanField(_("agrees to email"), default=True, db_default=True)
    #: Set when mail to the address bounced for good: the person is called until the address changes.
    email_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Set by "wrong person" on the companion's page: nothing more is sent there, until the contact is mended.
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The address or number at which that was said.
    stopped_way = models.CharField(max_length=254, blank=True, default="", db_default="", editable=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(may_drive=False) | Q(is_adult=True), name="contact_driver_is_an_adult"),
            models.CheckConstraint(condition=~Q(name=""), name="contact_has_a_name"),
        ]
        indexes = [
            # Few: the work list asks for them on every page of the desk.
            models.Index(
                fields=["patient"],
                condition=Q(email_failed_at__isnull=False) | Q(stopped_at__isnull=False),
                name="contact_not_reached",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reachable_by_mail(self) -> bool:
        """Whether a message by mail may be tried."""
        return bool(self.email) and self.mail_consent and self.email_failed_at is None

    @property
    def way_reached(self) -> str:
        """The address or number that messages go to."""
        return self.email if self.email and (self.channel == Channel.MAIL or not self.phone) else self.phone

    @property
    def wrong_way(self) -> str:
        """Where somebody else answered, once `stopped_at` is set: as written down then, else the way of now."""
        return self.stopped_way or self.way_reached


class ImportedField(models.Model):
    """The value that an import last wrote into a field of a patient: a field that differs from it was edited here
    since, and stays."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="imported_fields")
    field = models.CharField(max_length=40)
    value = models.TextField(blank=True)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("patient", "field", name="imported_field_once")]

    def __str__(self) -> str:
        return f"{self.field}"
