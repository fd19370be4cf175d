"""A drip that stood still for a while."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from scheduling.models.appointment import Appointment


class Pause(models.Model):
    """From when until when (UTC, stamped by the server) the drip of a visit stood still, and why; `until` is empty
    while it does."""

    class Why(models.TextChoices):
        READING = "reading", _("a reading over the limit")
        EFFECT = "effect", _("side effects")
        PATIENT = "patient", _("the patient asked")
        LINE = "line", _("the line or the pump")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="pauses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    why = models.CharField(_("why"), max_length=7, choices=Why.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)
    paused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resumed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint("appointment", condition=Q(until__isnull=True), name="pause_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="pause_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"paused {self.since:%Y-%m-%d %H:%M}Z: {self.get_why_display()}"
