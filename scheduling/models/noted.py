"""What every note about a visit has in common: when it was, when and by whom it was written, and that it is struck out,
never removed."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from scheduling.models.appointment import Appointment


class Noted(models.Model):
    """One thing that was noted at a visit. `at` is when it was (UTC; stamped by the server, corrected with a reason),
    `recorded_at` when it was written."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="%(class)ss")
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    struck_reason = models.CharField(_("why it is struck out"), max_length=300, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_reason="")
                | (Q(struck_at__isnull=False) & ~Q(struck_reason="")),
                name="%(class)s_struck_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["appointment", "at"])]

    @property
    def author(self) -> str:
        """Who wrote it, in words; empty for the program."""
        user = self.recorded_by
        return (user.get_full_name() or user.get_username()) if user is not None else ""
