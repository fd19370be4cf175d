"""Questionnaires as they were answered, answers about self-harm that a clinician has to see, and other treatments."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, StaffMember, User
from patients.models.observation import Measure, Observation
from patients.models.patient import Patient


class ScoreSheet(models.Model):
    """One questionnaire filled in, item by item (FHIR QuestionnaireResponse); its total is an Observation whose
    `source_id` is the sheet's id. Which item is which: patients/questionnaires.py."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="score_sheets")
    measure = models.CharField(_("questionnaire"), max_length=10, choices=Measure.choices)
    items = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("answers"))
    answered_at = models.DateTimeField()
    source = models.CharField(max_length=7, choices=Observation.Source.choices)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["answered_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(measure="pain", items__len=1)
                | Q(measure="fiqr", items__len=21)
                | Q(measure="phq9", items__len=9),
                name="score_sheet_answered_whole",
            )
        ]
        indexes = [models.Index(fields=["patient", "-answered_at"])]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} of {self.answered_at:%Y-%m-%d %H:%M}Z"


class SafetyAlert(models.Model):
    """Somebody answered above zero about being better off dead or hurting themselves (PHQ-9, item 9): a named
    clinician has to say that it was seen, and what was done."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="safety_alerts")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    sheet = models.OneToOneField(ScoreSheet, models.CASCADE, related_name="safety_alert")
    raised_at = models.DateTimeField()
    assigned_to = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="safety_alerts")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    what_was_done = models.TextField(_("what was done"), blank=True)

    class Meta:
        ordering = ["raised_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True, what_was_done="")
                | (Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(what_was_done="")),
                name="safety_alert_acknowledged_whole_or_not",
            )
        ]
        indexes = [
            models.Index(fields=["raised_at"], condition=Q(acknowledged_at__isnull=True), name="safety_alert_open")
        ]

    def __str__(self) -> str:
        return "acknowledged" if self.acknowledged_at else "waiting"


class AlertNotice(models.Model):
    """One mail to one member of staff that something waits in the program; it says nothing of what or about whom."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    alert = models.ForeignKey(SafetyAlert, models.CASCADE, related_name="notices")
    to = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    #: How many of the site's `alert_minutes` after the answer: 0 is the named clinician, at once; the others follow,
    #: and then all of them again (scheduling/actions/alerts.py).
    step = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [models.UniqueConstraint("alert", "to", "step", name="alert_notice_once_a_step")]
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True), name="alert_notice_waiting")]

    def __str__(self) -> str:
        return "sent" if self.sent_at else "waiting"


class OtherTreatment(models.Model):
    """What else the patient does or takes (FHIR CarePlan, MedicationStatement): shown beside the scores, since
    "combination with physical therapy and medication is common" (domain.md)."""

    class Kind(models.TextChoices):
        PHYSICAL = "physical", _("physical therapy")
        MEDICATION = "medication", _("medication")
        TALKING = "talking", _("psychotherapy")
        EXERCISE = "exercise", _("exercise")
        OTHER = "other", _("something else")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="other_treatments")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("what"), max_length=120)
    since = models.DateField(_("since"))
    #: The last day; empty while it goes on.
    until = models.DateField(_("until"), null=True, blank=True)
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["since"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="other_treatment_dates_in_order"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="other_treatment_says_what"),
        ]
        indexes = [models.Index(fields=["patient", "since"])]

    def __str__(self) -> str:
        return f"{self.name} since {self.since:%Y-%m-%d}"
