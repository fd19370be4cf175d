"""What the worker counted, for pages to read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.models import User


class KeptCount(models.Model):
    """How many rows of the slow kinds waited for a user at `counted_at` (UTC), as the worker last found it.

    A figure for the navigation and no more: the lists themselves look. docs/decisions/counts-in-the-navigation.md.
    """

    class Kind(models.TextChoices):
        WORK = "work", _("visits without cover, what ends before a visit, earlier times")
        DECIDE = "decide", _("clearances and courses that wait for a doctor")

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    count = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("user", "kind", name="kept_count_once_per_user")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.count}"
