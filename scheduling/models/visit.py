"""What really happened at a visit, and who drove the patient home."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Resource, StaffMember, User
from patients.models import Contact
from scheduling.models.appointment import Appointment


class VisitRecord(models.Model):
    """The facts of one visit (FHIR Encounter). Plan and fact are different columns: nothing here changes a hold,
    nothing here is refused by one.

    Times are stamped by the server, in UTC.
    """

    appointment = models.OneToOneField(Appointment, models.CASCADE, primary_key=True, related_name="record")
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    recovery_at = models.DateTimeField(_("in recovery since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    chair = models.ForeignKey(Resource, models.PROTECT, null=True, blank=True, related_name="+")
    nurse = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    #: {question: "yes" | "no"} as answered at check-in.
    checkin = models.JSONField(default=dict, blank=True)
    #: The points of the protocol's fitness list that were met at discharge.
    fitness = models.JSONField(default=list, blank=True)
    handed_to = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    handed_to_name = models.CharField(_("handed over to"), max_length=120, blank=True)
    doctor_told = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(_("note"), blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(started_at__isnull=True) | Q(arrived_at__isnull=False), name="visit_starts_after_arrival"
            ),
            models.CheckConstraint(
                condition=Q(recovery_at__isnull=True) | Q(started_at__isnull=False), name="visit_recovers_after_start"
            ),
            # A comparison with an empty time is neither true nor false, and a check lets that pass.
            models.CheckConstraint(
                condition=Q(started_at__gte=F("arrived_at"), recovery_at__gte=F("started_at"))
                & Q(ended_at__gte=F("started_at"))
                & Q(ended_at__gte=F("recovery_at")),
                name="visit_times_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"record of {self.appointment_id}"


class Ride(models.Model):
    """Who drives the patient home from one visit: needed, named, confirmed, picked up; or waived by a doctor, with a
    reason."""

    class Status(models.TextChoices):
        NEEDED = "needed", _("nobody named yet")
        NAMED = "named", _("named")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined")
        PICKED_UP = "picked_up", _("picked up")
        WAIVED = "waived", _("waived by a doctor")

    class Call(models.TextChoices):
        REACHED = "reached", _("reached; they see to it")
        NO_ANSWER = "no_answer", _("no answer")
        CALLS_BACK = "calls_back", _("will call back")

    #: The states in which a named adult is expected at the door.
    SETTLED = (Status.NAMED, Status.CONFIRMED)
    #: The states in which somebody has to be found.
    MISSING = (Status.NEEDED, Status.DECLINED)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    appointment = models.OneToOneField(Appointment, models.CASCADE, related_name="ride")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.NEEDED)
    companion = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="rides")
    #: Counts changes of companion; messages to the companion are bound to it.
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    waived_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    waiver_reason = models.TextField(_("why the ride is waived"), blank=True)
    #: What came of the desk's last call about it, while nobody is named; the audit trail keeps the earlier ones.
    call_outcome = models.CharField(max_length=10, choices=Call.choices, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    called_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    call_note = models.TextField(_("note"), blank=True)
    #: Nobody has to call about it again before this.
    call_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["named", "confirmed", "picked_up"]) | Q(companion__isnull=False),
                name="ride_names_its_companion",
            ),
            models.CheckConstraint(
                condition=~Q(status="waived") | (Q(waived_by__isnull=False) & ~Q(waiver_reason="")),
                name="ride_waived_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(call_outcome="", called_at__isnull=True, call_after__isnull=True)
                | (~Q(call_outcome="") & Q(called_at__isnull=False)),
                name="ride_call_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()
