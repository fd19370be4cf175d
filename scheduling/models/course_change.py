"""A course that was paused, resumed or stopped: what was done, at whose word, and whether a doctor knows of it."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, StaffMember, User
from scheduling.models.series import Series


class CourseChangeQuerySet(models.QuerySet["CourseChange"]):
    """Changes, narrowed to who asks."""

    def for_user(self, user: User) -> "CourseChangeQuerySet":
        """Those of series at the user's sites."""
        return self.filter(series__site__in=Site.objects.for_user(user))

    def unseen(self) -> "CourseChangeQuerySet":
        """Pauses and stops that no doctor has seen."""
        return self.filter(kind__in=CourseChange.TOLD, seen_at__isnull=True)


class CourseChange(models.Model):
    """One change. The newest of a series on hold says whether it is paused; older ones are the history."""

    class Kind(models.TextChoices):
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        STOPPED = "stopped", _("stopped")

    #: What a doctor is told.
    TOLD = (Kind.PAUSED, Kind.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    series = models.ForeignKey(Series, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    at = models.DateTimeField()
    reason = models.TextField(_("reason"))
    #: How many visits were called off with it.
    called_off = models.PositiveSmallIntegerField(default=0)
    #: The local day on which a pause is over: from then on the desk is to plan what is left. Empty: until further
    #: notice.
    until = models.DateField(_("paused until"), null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    #: Who did it, and at whose word on the telephone, in words.
    made_by_name = models.CharField(max_length=200)
    seen_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = CourseChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="course_change_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="paused") | Q(until__isnull=True), name="course_change_only_a_pause_ends"
            ),
            models.CheckConstraint(
                condition=Q(seen_by__isnull=True, seen_at__isnull=True)
                | Q(seen_by__isnull=False, seen_at__isnull=False),
                name="course_change_seen_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["series", "-at"]),
            models.Index(fields=["at"], condition=Q(seen_at__isnull=True), name="course_change_unseen"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
