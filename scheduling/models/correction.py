"""A time that was stamped by the server and was not the true one."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from scheduling.models.appointment import Appointment


class TimeCorrection(models.Model):
    """One change of one stamped time: from what, to what (both UTC), why and by whom. Rows are only added."""

    class Stamp(models.TextChoices):
        ARRIVED = "arrived", _("arrived")
        STARTED = "started", _("started")
        RECOVERY = "recovery", _("in recovery since")
        ENDED = "ended", _("ended")
        READING = "reading", _("a reading")
        DOSE = "dose", _("a medicine given")
        PAUSED = "paused", _("drip paused")
        RESUMED = "resumed", _("drip went on")
        EFFECT = "effect", _("a side effect")
        EVENT = "event", _("an adverse event")
        TOLD = "told", _("a doctor was told")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="time_corrections")
    stamp = models.CharField(_("which time"), max_length=8, choices=Stamp.choices)
    #: The reading, dose, pause, effect or event that it belongs to.
    note_id = models.UUIDField(null=True, blank=True)
    before = models.DateTimeField(_("was"))
    after = models.DateTimeField(_("is"))
    reason = models.CharField(_("reason"), max_length=300)
    corrected_at = models.DateTimeField()
    corrected_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["corrected_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="time_corrected_for_a_reason")]

    def __str__(self) -> str:
        return f"{self.get_stamp_display()}: {self.before:%H:%M}Z to {self.after:%H:%M}Z"
