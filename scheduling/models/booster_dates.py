"""Dates of boosters that are not booked yet, and new times that somebody has to say yes to."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from scheduling.models.appointment import Appointment
from scheduling.models.series import Series


class ProposedBooster(models.Model):
    """A date on which a booster could come. It holds nothing, and nobody is told, until it is offered to the patient;
    a yes books it. Every night those that only wait are worked out anew."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        REPLACED = "replaced", _("no longer proposed")

    #: Those that may still become a visit.
    OPEN = (Status.PROPOSED, Status.OFFERED)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    series = models.ForeignKey(Series, models.CASCADE, related_name="proposed_boosters")
    starts = models.DateTimeField(_("from"))
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.PROPOSED)
    created_at = models.DateTimeField(editable=False)
    offered_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    #: Whom the desk spoke to; empty where the patient answered on the page.
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    appointment = models.OneToOneField(
        Appointment, models.CASCADE, null=True, blank=True, related_name="proposed_booster"
    )

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "starts"],
                condition=Q(status__in=["proposed", "offered"]),
                name="proposed_booster_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="offered") | Q(offered_at__isnull=False), name="proposed_booster_offered_when"
            ),
            models.CheckConstraint(
                condition=Q(status="accepted", appointment__isnull=False)
                | (~Q(status="accepted") & Q(appointment__isnull=True)),
                name="proposed_booster_accepted_is_a_visit",
            ),
        ]
        indexes = [models.Index(fields=["status", "starts"])]

    def __str__(self) -> str:
        return f"{self.get_status_display()} for {self.starts:%Y-%m-%d %H:%M}Z"


class ProposalNight(models.Model):
    """How far the work of one night has come at a site: which courses had their dates worked out. A night without a
    worker is made up for by the first one that comes back, and none is worked twice."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="+")
    #: The local date whose small hours were worked last.
    night = models.DateField()
    #: The course that was worked last; they are taken in the order of their ids.
    reached = models.UUIDField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.night}: {'done' if self.done_at else 'not done yet'}"


class NewTime(models.Model):
    """A booster got a new time because a doctor changed how often they come: the patient says that it suits, on the
    page or by telephone. It counts for the version of the visit that it was asked about."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="new_times")
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    #: Who was told by telephone; empty where the patient said so on the page.
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint("appointment", "version", name="new_time_asked_once")]
        indexes = [
            models.Index(fields=["appointment"], condition=Q(confirmed_at__isnull=True), name="new_time_waiting")
        ]

    def __str__(self) -> str:
        return "confirmed" if self.confirmed_at else "waiting"
