"""What a doctor is asked at the chair, and what she says: a waiver, a reading over the limit, an order."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import StaffMember, User
from scheduling.models.appointment import Appointment


class QuestionQuerySet(models.QuerySet["Question"]):
    """Questions, narrowed to those that wait."""

    def waiting(self) -> "QuestionQuerySet":
        """Those without an answer whose visit is still to come or under way."""
        return self.filter(answer="", appointment__status__in=Appointment.BLOCKING)


class Question(models.Model):
    """One thing that only a doctor decides about one visit. A decision that nobody asked for is a row too, without
    `asked_at`. Every answer gives its reason. A question that is no longer needed is withdrawn, by whoever says so."""

    class About(models.TextChoices):
        RIDE = "ride", _("going home without a companion")
        READING = "reading", _("a reading over the limit")
        CLEARANCE = "clearance", _("the clearance")
        ORDER = "order", _("an order")
        EVENT = "event", _("an adverse event")
        EARLY = "early", _("leaving before the least time of recovery")
        OTHER = "other", _("something else")

    class Answer(models.TextChoices):
        GO_AHEAD = "go_ahead", _("go ahead")
        NOT_TODAY = "not_today", _("not today")
        SUSPEND = "suspend", _("treatment suspended")
        NO = "no", _("no")
        SEEN = "seen", _("seen")
        WITHDRAWN = "withdrawn", _("no longer needed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="questions")
    about = models.CharField(_("about"), max_length=9, choices=About.choices)
    words = models.CharField(_("what to know"), max_length=300, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(_("answer"), max_length=9, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "answered_at"]
        constraints = [
            models.UniqueConstraint("appointment", "about", condition=Q(answer=""), name="question_asked_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="question_answered_whole_or_not",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=False) | Q(answered_at__isnull=False), name="question_asked_or_answered"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["", "seen", "withdrawn"]) | ~Q(reason=""), name="question_answered_for_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(answer=""), name="question_waiting")]

    def __str__(self) -> str:
        return f"{self.get_about_display()}: {self.get_answer_display() or 'waiting'}"
