"""What a patient felt at a visit, and what went wrong (FHIR AdverseEvent)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import StaffMember
from scheduling.models.noted import Noted


class SideEffect(Noted):
    """One effect that the patient felt or showed; expected ones too. The kinds are those of domain.md."""

    class Kind(models.TextChoices):
        DISSOCIATION = "dissociation", _("dissociation")
        DIZZINESS = "dizziness", _("dizziness")
        NAUSEA = "nausea", _("nausea")
        HEADACHE = "headache", _("headache")
        DROWSINESS = "drowsiness", _("drowsiness")
        DOUBLE_VISION = "double_vision", _("double vision")
        TINGLING = "tingling", _("tingling")
        HALLUCINATION = "hallucination", _("hallucination")
        OTHER = "other", _("something else")

    class Strength(models.TextChoices):
        MILD = "mild", _("mild")
        MODERATE = "moderate", _("moderate")
        STRONG = "strong", _("strong")

    kind = models.CharField(_("effect"), max_length=13, choices=Kind.choices)
    strength = models.CharField(_("how strong"), max_length=8, choices=Strength.choices, default=Strength.MILD)
    words = models.CharField(_("in words"), max_length=200, blank=True)

    class Meta(Noted.Meta):
        abstract = False
        constraints = [
            *Noted.Meta.constraints,
            models.CheckConstraint(condition=~Q(kind="other") | ~Q(words=""), name="sideeffect_of_another_kind_named"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class AdverseEvent(Noted):
    """Something that went wrong: what, how severe, what was done, which doctor knows, and whether to call afterwards.

    Severities are those in which such events are commonly graded (CTCAE grades 1 to 4)."""

    class Severity(models.TextChoices):
        MILD = "mild", _("mild")
        MODERATE = "moderate", _("moderate")
        SEVERE = "severe", _("severe")
        LIFE_THREATENING = "life", _("life-threatening")

    #: Of these a doctor must know before the patient leaves.
    GRAVE = (Severity.SEVERE, Severity.LIFE_THREATENING)

    what = models.CharField(_("what happened"), max_length=300)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    action_taken = models.CharField(_("what was done"), max_length=300)
    doctor_told = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    told_at = models.DateTimeField(null=True, blank=True)
    #: The local day on which the patient is called and asked; the call is on the call list.
    call_on = models.DateField(_("follow-up call on"), null=True, blank=True)

    class Meta(Noted.Meta):
        abstract = False
        constraints = [
            *Noted.Meta.constraints,
            models.CheckConstraint(condition=~Q(what=""), name="adverseevent_says_what"),
            models.CheckConstraint(
                condition=Q(doctor_told__isnull=True, told_at__isnull=True)
                | Q(doctor_told__isnull=False, told_at__isnull=False),
                name="adverseevent_told_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()}: {self.what}"
