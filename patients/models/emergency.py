"""A record opened in an emergency by somebody who does not work where the patient comes."""

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from patients.models.patient import Patient


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    """Accesses, by whom they concern."""

    def open_to(self, user: User, now: datetime) -> "EmergencyAccessQuerySet":
        """Those by which the person may look now."""
        return self.filter(user=user, until__gt=now)

    def for_user(self, user: User) -> "EmergencyAccessQuerySet":
        """Those that concern a manager: the patient comes to one of her sites, or whoever looked works there."""
        sites = Site.objects.for_user(user).order_by()
        comes = Patient.sites.through.objects.filter(patient=models.OuterRef("patient"), site__in=sites)
        works = Site.objects.filter(pk__in=sites.values("pk"), staff__user=models.OuterRef("user"))
        return self.filter(models.Exists(comes) | models.Exists(works.order_by()))


class EmergencyAccess(models.Model):
    """Leave to look at one patient's record for a short time, taken with a reason, and looked at by a manager after."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="emergency_accesses")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="emergency_accesses")
    reason = models.TextField(_("reason"))
    opened_at = models.DateTimeField(_("opened at"))
    until = models.DateTimeField(_("until"))
    #: A manager has looked at it: when, who, and what came of it.
    reviewed_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    review = models.TextField(_("what came of it"), blank=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="emergency_has_a_reason"),
            models.CheckConstraint(condition=Q(opened_at__lt=F("until")), name="emergency_ends"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | (Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(review="")),
                name="emergency_review_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["user", "until"])]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}"
