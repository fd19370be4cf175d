"""What may stand against a treatment: conditions, screening answers, and the flags that they raise."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from patients.models.patient import Language, Patient


class FlagKind(models.TextChoices):
    """The contraindications that the clinic looks for (domain.md; ASRA 2018 consensus guidelines and the project's
    source articles)."""

    BLOOD_PRESSURE = "blood_pressure", _("high blood pressure")
    SEIZURE = "seizure", _("seizure, past or present")
    THYROID = "thyroid", _("thyroid disease")
    HEART = "heart", _("heart disease")
    LIVER = "liver", _("liver disease")
    PSYCHOSIS = "psychosis", _("psychosis")
    PREGNANCY = "pregnancy", _("pregnancy")
    PRESSURE = "pressure", _("raised pressure in head or eye")
    SUBSTANCE = "substance", _("substance use or overdose")
    STROKE = "stroke", _("stroke")
    INTERACTION = "interaction", _("a medicine that interacts")
    OTHER = "other", _("something else")


class ConsultRequest(models.Model):
    """What the public form sends in: somebody asks for a consult."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        BOOKED = "booked", _("consult booked")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="consult_requests")
    patient = models.ForeignKey(Patient, models.SET_NULL, null=True, blank=True, related_name="consult_requests")
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("telephone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    complaint = models.TextField(_("what for"), blank=True)
    tried = models.TextField(_("what was tried before"), blank=True)
    best_times = models.CharField(_("best times"), max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(email="") | ~Q(phone=""), name="consult_request_can_be_answered"),
        ]

    def __str__(self) -> str:
        return self.name


class Questionnaire(models.Model):
    """One version of the screening questions (FHIR Questionnaire). A version in use is never changed; a new one is
    added."""

    version = models.PositiveSmallIntegerField(unique=True)
    #: [{"id", "text": {"en", "es"}, "flag": FlagKind or null}], each answered yes, no or unsure.
    questions = models.JSONField()
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("is_current"), condition=Q(is_current=True), name="questionnaire_one_current"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class Screening(models.Model):
    """One patient's answers (FHIR QuestionnaireResponse)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="screenings")
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="screenings")
    #: {question id: "yes" | "no" | "unsure"}.
    answers = models.JSONField()
    medicines = models.TextField(_("medicines taken now"), blank=True)
    answered_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-answered_at"]

    def __str__(self) -> str:
        return f"{self.answered_at:%Y-%m-%d}"


class Condition(models.Model):
    """A diagnosis that another system recorded (FHIR Condition), kept as it came."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="conditions")
    source_id = models.CharField(max_length=200)
    system = models.CharField(max_length=200)
    code = models.CharField(max_length=40)
    display = models.CharField(max_length=300)
    #: FHIR condition-clinical: active, recurrence, relapse, inactive, remission or resolved.
    clinical_status = models.CharField(max_length=12)
    onset = models.DateField(null=True, blank=True)
    abatement = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-onset", "display"]
        constraints = [models.UniqueConstraint("patient", "source_id", name="condition_once")]

    def __str__(self) -> str:
        return self.display


class FlagCode(models.Model):
    """A code that raises a flag when an import brings it, or the name of a medicine that raises one when a patient
    names it. A doctor can extend the table."""

    #: The system of a medicine's name: `code` is the name, in small letters.
    MEDICINE = "medicine"

    system = models.CharField(_("code system"), max_length=200, default="http://snomed.info/sct")
    code = models.CharField(_("code"), max_length=40)
    display = models.CharField(_("meaning"), max_length=300)
    kind = models.CharField(_("flag"), max_length=16, choices=FlagKind.choices)
    #: Past seizure, psychosis, substance use and stroke flag even when resolved; the others only while active.
    when_resolved = models.BooleanField(_("flags even when resolved"), default=False)

    class Meta:
        ordering = ["kind", "display"]
        constraints = [models.UniqueConstraint("system", "code", name="flag_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.display}"

    @property
    def is_medicine(self) -> bool:
        """Whether the code is the name of a medicine."""
        return self.system == self.MEDICINE


class Flag(models.Model):
    """One contraindication found (FHIR Flag), with its source and date. It never refuses by itself: a doctor
    decides."""

    class Source(models.TextChoices):
        ANSWER = "answer", _("the patient's answer")
        CONDITION = "condition", _("imported condition")
        READING = "reading", _("measured")
        STAFF = "staff", _("noted by staff")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=16, choices=FlagKind.choices)
    source = models.CharField(max_length=9, choices=Source.choices)
    #: What was found, in words ("Epilepsy, SNOMED CT 84757009, active since 2011-03-02").
    detail = models.CharField(max_length=400)
    code = models.CharField(max_length=40, blank=True)
    source_id = models.CharField(max_length=200)
    #: The day that the finding speaks of.
    dated = models.DateField(null=True, blank=True)
    found_at = models.DateTimeField()
    #: The clearance decided in sight of this flag; a flag without one is new and blocks starting.
    decided_in = models.ForeignKey("patients.Clearance", models.SET_NULL, null=True, blank=True, related_name="flags")
    #: Set when the source withdraws it (condition resolved in a newer import); the row stays.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "-found_at"]
        constraints = [models.UniqueConstraint("patient", "kind", "source", "source_id", name="flag_once")]

    def __str__(self) -> str:
        return self.get_kind_display()
