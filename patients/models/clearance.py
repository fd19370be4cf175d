"""The doctor's decision about a patient, and the conditions of a yes."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import StaffMember, User
from patients.models.patient import Patient

#: No nurse watches more patients than a handful: a larger figure is a slip of the pen.
MOST_EXTRA_WATCH = 3
#: Conditions that change what a visit takes.
NEEDS_MORE = Q(needs_bed=True) | Q(extra_watch__gt=0)
#: Conditions that the program acts on.
NAMES_A_CONDITION = NEEDS_MORE | Q(systolic_limit__isnull=False) | Q(diastolic_limit__isnull=False) | ~Q(letter_from="")


class ClearanceQuerySet(models.QuerySet["Clearance"]):
    """A doctor's decisions, newest first."""

    def yes(self) -> "ClearanceQuerySet":
        """Those that allow treatment."""
        return self.filter(decision__in=Clearance.YES)

    def with_needs(self) -> "ClearanceQuerySet":
        """Those whose conditions change what a visit takes."""
        return self.filter(NEEDS_MORE)


class Clearance(models.Model):
    """A doctor's dated, expiring yes or no. The newest one counts; suspending a patient is a new decision."""

    class Decision(models.TextChoices):
        CLEARED = "cleared", _("cleared")
        CONDITIONS = "conditions", _("cleared with conditions")
        MORE = "more", _("more information needed")
        REFUSED = "refused", _("refused")
        SUSPENDED = "suspended", _("suspended")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="clearances")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    decided_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="clearances")
    decided_at = models.DateTimeField()
    #: The last day on which a drip may start under it (local date of the site).
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    reason = models.TextField(_("reason"), blank=True)
    #: Conditions that the program acts on. mmHg: the newest reading of the day may not be above it when a drip starts.
    systolic_limit = models.PositiveSmallIntegerField(_("systolic pressure, at most (mmHg)"), null=True, blank=True)
    diastolic_limit = models.PositiveSmallIntegerField(_("diastolic pressure, at most (mmHg)"), null=True, blank=True)
    #: The visits take a bed, whatever chairs the protocol allows.
    needs_bed = models.BooleanField(_("a bed instead of a recliner"), default=False)
    #: Added to what each phase of a visit takes of a nurse's watch.
    extra_watch = models.PositiveSmallIntegerField(_("extra watch units"), default=0)
    #: Whose letter must be here before a drip starts ("the cardiologist"); who ticked that it is, and when.
    letter_from = models.CharField(_("a letter is needed from"), max_length=120, blank=True)
    letter_seen_at = models.DateTimeField(null=True, blank=True)
    letter_seen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    #: Decisions that allow treatment at all.
    YES = (Decision.CLEARED, Decision.CONDITIONS)

    objects = ClearanceQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision__in=["cleared", "conditions"]) | Q(valid_until__isnull=False),
                name="clearance_of_a_yes_expires",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["refused", "suspended", "more"]) | ~Q(reason=""),
                name="clearance_of_a_no_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(decision="conditions") | ~Q(conditions="") | NAMES_A_CONDITION,
                name="clearance_conditions_are_named",
            ),
            models.CheckConstraint(
                condition=Q(decision="conditions") | ~NAMES_A_CONDITION,
                name="clearance_conditions_with_a_conditional_yes",
            ),
            models.CheckConstraint(
                condition=Q(extra_watch__lte=MOST_EXTRA_WATCH), name="clearance_extra_watch_in_range"
            ),
            models.CheckConstraint(
                condition=Q(systolic_limit__isnull=True)
                | Q(diastolic_limit__isnull=True)
                | Q(systolic_limit__gt=F("diastolic_limit")),
                name="clearance_limits_in_order",
            ),
            models.CheckConstraint(
                condition=Q(letter_seen_at__isnull=True) | ~Q(letter_from=""),
                name="clearance_letter_seen_was_asked_for",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-decided_at"]),
            models.Index(fields=["patient"], condition=NEEDS_MORE, name="clearance_with_needs"),
        ]

    def __str__(self) -> str:
        return self.get_decision_display()

    @property
    def is_yes(self) -> bool:
        """Whether it allows treatment at all."""
        return self.decision in self.YES

    @property
    def waits_for_a_letter(self) -> bool:
        """Whether a letter has to come first, and nobody has ticked that it is here."""
        return bool(self.letter_from) and self.letter_seen_at is None

    @property
    def condition_words(self) -> list[str]:
        """Each condition in words, those first that the program acts on; the doctor's own words last."""
        found = []
        if self.systolic_limit is not None or self.diastolic_limit is not None:
            upper, lower = self.systolic_limit or "any", self.diastolic_limit or "any"
            found.append(f"blood pressure at most {upper}/{lower} mmHg on the day")
        if self.needs_bed:
            found.append("a bed instead of a recliner")
        if self.extra_watch:
            units = "one extra watch unit" if self.extra_watch == 1 else f"{self.extra_watch} extra watch units"
            found.append(f"{units} of the nurse")
        if self.letter_from:
            found.append(f"a letter from {self.letter_from} ({'not here yet' if self.waits_for_a_letter else 'here'})")
        return [*found, *([self.conditions] if self.conditions else [])]
