"""The earlier-time list: who wants a booked visit sooner, and who was asked about a time that is free."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from patients.models import Patient
from scheduling.models.appointment import Appointment, Offer


class EarlierWishQuerySet(models.QuerySet["EarlierWish"]):
    """Wishes, narrowed to who asks and to what still counts."""

    def for_user(self, user: User) -> "EarlierWishQuerySet":
        """Those for visits at one of the user's sites."""
        return self.filter(appointment__site__in=Site.objects.for_user(user))

    def waiting(self) -> "EarlierWishQuerySet":
        """Those that nobody has ended, for visits that are held or booked, in the past or to come."""
        return self.filter(
            status=EarlierWish.Status.WAITING,
            appointment__status__in=[Appointment.Status.PROPOSED, Appointment.Status.BOOKED],
        )


class EarlierWish(models.Model):
    """A patient who wants one booked visit sooner, with the hours that suit (FHIR: an Appointment on the waitlist with
    its requestedPeriod).

    `hours` is the JSON form of scheduling.planner.values.Wishes (scheduling/wishes.py). A wish whose visit was
    cancelled, has begun or is past counts no longer; nothing has to be written for that.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("on the list")
        MET = "met", _("came sooner")
        ENDED = "ended", _("taken off the list")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="earlier_wishes")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="earlier_wishes")
    hours = models.JSONField(default=dict, blank=True)
    #: Local date before which it must not be; empty: as soon as possible.
    not_before = models.DateField(_("not before"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=7, choices=Status.choices, default=Status.WAITING)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=200, blank=True)

    objects = EarlierWishQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(status="waiting"), name="earlier_wish_once_per_visit"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", ended_at__isnull=True)
                | (~Q(status="waiting") & Q(ended_at__isnull=False)),
                name="earlier_wish_ended_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} since {self.created_at:%Y-%m-%d}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, narrowed to who asks."""

    def for_user(self, user: User) -> "InvitationQuerySet":
        """Those to times at one of the user's sites."""
        return self.filter(offer__site__in=Site.objects.for_user(user))


class Invitation(models.Model):
    """One patient asked whether an offered time suits. The first of an offer to accept gets it; the time is held once,
    by the offer.

    An open one counts only while its offer is open and its visit is as it was (`visit_version`).
    """

    class Status(models.TextChoices):
        OPEN = "open", _("asked")
        ACCEPTED = "accepted", _("said yes")
        DECLINED = "declined", _("said no")
        TAKEN = "taken", _("somebody else was first")
        LAPSED = "lapsed", _("no answer in time")
        WITHDRAWN = "withdrawn", _("taken back")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="invitations")
    wish = models.ForeignKey(EarlierWish, models.CASCADE, related_name="invitations")
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="invitations")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="invitations")
    visit_version = models.PositiveIntegerField()
    #: Counts the invitations of one visit from 1; messages about this one carry it.
    number = models.PositiveSmallIntegerField()
    status = models.CharField(_("answer"), max_length=9, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(editable=False)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "wish"], name="invitation_once_per_offer"),
            models.UniqueConstraint(fields=["appointment", "number"], name="invitation_numbered_per_visit"),
            models.UniqueConstraint(fields=["offer"], condition=Q(status="accepted"), name="invitation_first_gets_it"),
            models.UniqueConstraint(fields=["wish"], condition=Q(status="open"), name="invitation_one_open_per_wish"),
            models.CheckConstraint(
                condition=Q(status="open", answered_at__isnull=True)
                | (~Q(status="open") & Q(answered_at__isnull=False)),
                name="invitation_answered_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()
