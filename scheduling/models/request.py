"""What patients ask of the desk about a visit that is booked: another time, or to call it off."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from patients.models import Patient
from scheduling.models.appointment import Appointment


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    """Requests, narrowed to who asks and to what still waits for an answer."""

    def for_user(self, user: User) -> "ChangeRequestQuerySet":
        """Those about a visit at one of the user's sites."""
        return self.filter(appointment__site__in=Site.objects.for_user(user))

    def waiting(self) -> "ChangeRequestQuerySet":
        """Those that nobody has answered, about a visit that has not begun, or that the patient has cancelled."""
        not_begun = Q(appointment__status__in=[Appointment.Status.PROPOSED, Appointment.Status.BOOKED])
        called_off = Q(kind=ChangeRequest.Kind.CANCEL, appointment__status=Appointment.Status.CANCELLED)
        return self.filter(not_begun | called_off, status=ChangeRequest.Status.WAITING)


class ChangeRequest(models.Model):
    """A patient asks to move or to cancel one visit. It changes nothing by itself: the desk answers it, and moving or
    cancelling the visit settles it."""

    class Kind(models.TextChoices):
        MOVE = "move", _("another time")
        CANCEL = "cancel", _("cancel")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        CLOSED = "closed", _("answered without a change")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="change_requests")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="change_requests")
    kind = models.CharField(_("asks for"), max_length=6, choices=Kind.choices)
    #: The visit's version when the patient asked: a higher one now means that it was changed since.
    asked_version = models.PositiveIntegerField()
    #: What suits instead: the JSON form of scheduling.wishes; empty where nothing was said.
    wishes = models.JSONField(default=dict, blank=True)
    #: The first local day that would suit; empty: any.
    first_day = models.DateField(_("not before"), null=True, blank=True)
    #: In the patient's own words.
    words = models.TextField(_("in the patient's words"), blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.WAITING)
    #: What the patient is told where nothing was changed.
    answer = models.TextField(_("answer to the patient"), blank=True)
    created_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(status="waiting"), name="change_request_one_waits_per_visit"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", closed_at__isnull=True)
                | (~Q(status="waiting") & Q(closed_at__isnull=False)),
                name="change_request_closed_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | ~Q(answer=""), name="change_request_closed_with_an_answer"
            ),
        ]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, asked {self.created_at:%Y-%m-%d}"
