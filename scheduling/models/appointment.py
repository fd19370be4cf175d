"""Visits, the time they hold, and offers of time."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, IntegerRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from clinic import clock
from clinic.models import Resource, Site, StaffMember, User
from patients.models import Patient
from scheduling.models.protocol import ProtocolVersion
from scheduling.models.series import Series


class TimeRange(Func):
    """tstzrange(starts, ends, '[)')."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class CellRange(Func):
    """int4range(lower, upper): half-open, as int4range always is."""

    function = "INT4RANGE"
    output_field = IntegerRangeField()


class Ending(models.TextChoices):
    """How a visit ended (domain.md). Every real ending has its own word, so that nobody has to lie to close a visit."""

    COMPLETED = "completed", _("completed")
    STOPPED_EARLY = "stopped_early", _("stopped early")
    NOT_TREATED_PRESSURE = "not_treated_pressure", _("not treated: blood pressure")
    NOT_TREATED_ATE = "not_treated_ate", _("not treated: had eaten")
    NOT_TREATED_ILL = "not_treated_ill", _("not treated: ill")
    NOT_TREATED_NO_RIDE = "not_treated_no_ride", _("not treated: no ride home")
    NOT_TREATED_NO_CONSENT = "not_treated_no_consent", _("not treated: no consent")
    NOT_TREATED_CLINIC = "not_treated_clinic", _("not treated: the clinic's fault")
    LEFT_AGAINST_ADVICE = "left_against_advice", _("left alone against advice")
    HOSPITAL = "hospital", _("sent to hospital")
    NO_SHOW = "no_show", _("did not come")
    CANCELLED = "cancelled", _("cancelled")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Visits, narrowed to who asks and to what is still to come."""

    def for_user(self, user: User) -> "AppointmentQuerySet":
        """Those at one of the user's sites."""
        return self.filter(site__in=Site.objects.for_user(user))

    def blocking(self) -> "AppointmentQuerySet":
        """Those that keep the patient, a chair and staff busy."""
        return self.filter(status__in=Appointment.BLOCKING)

    def unclosed(self, todays: Mapping[Site, date]) -> "AppointmentQuerySet":
        """Those of days before today (`todays`: the local date at each site) that nobody has closed."""
        before = Q(pk__in=[])
        for site, today in todays.items():
            before |= Q(site=site, ends__lte=clock.day_bounds(today, site.zone)[0])
        return self.filter(before, status__in=Appointment.BLOCKING)

    def standing(self) -> "AppointmentQuerySet":
        """Those that other dates of the patient are reckoned from: to come, under way, or done and counted."""
        return self.filter(Q(status__in=Appointment.BLOCKING) | Q(status=Appointment.Status.FULFILLED, counts=True))


class Appointment(models.Model):
    """One visit: consult, infusion or booster (FHIR Appointment). Cancelled ones stay.

    `starts` and `ends` are in UTC, on 5-minute cells, and cover all phases (not the cleaning of the chair).
    """

    class Kind(models.TextChoices):
        CONSULT = "consult", _("consult")
        INFUSION = "infusion", _("infusion")
        BOOSTER = "booster", _("booster")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("held")
        BOOKED = "booked", _("booked")
        ARRIVED = "arrived", _("here")
        FULFILLED = "fulfilled", _("done")
        CANCELLED = "cancelled", _("cancelled")
        NOSHOW = "noshow", _("did not come")

    class Mode(models.TextChoices):
        IN_PERSON = "in_person", _("in person")
        VIDEO = "video", _("by video")
        PHONE = "phone", _("by telephone")

    BLOCKING = (Status.PROPOSED, Status.BOOKED, Status.ARRIVED)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="appointments")
    series = models.ForeignKey(Series, models.PROTECT, null=True, blank=True, related_name="appointments")
    protocol_version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="appointments")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    #: Its place in the series, from 1; boosters count on their own.
    number = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(_("status"), max_length=9, choices=Status.choices)
    mode = models.CharField(_("how"), max_length=9, choices=Mode.choices, default=Mode.IN_PERSON)
    #: For a consult: with whom.
    practitioner = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="appointments")
    starts = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"))
    #: The clerk fixed this date: re-planning the series leaves it alone.
    pinned = models.BooleanField(_("keep fixed"), default=False)
    #: Why this date: [{"code", "params"}] of scheduling.planner.values.Reason.
    plan_reasons = models.JSONField(default=list, blank=True)
    #: Counts moves and the cancellation: the SEQUENCE of its calendar entry, and what messages are bound to.
    version = models.PositiveIntegerField(default=0)
    ending = models.CharField(_("how it ended"), max_length=24, choices=Ending.choices, blank=True)
    #: Whether the visit counts toward the number of infusions; set with the ending.
    counts = models.BooleanField(_("counts toward the series"), null=True, blank=True)
    status_reason = models.TextField(_("why"), blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts"]
        constraints = [
            ExclusionConstraint(
                name="appointment_patient_in_one_place",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (TimeRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["proposed", "booked", "arrived"]),
            ),
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="appointment_times_in_order"),
            models.CheckConstraint(
                condition=Q(kind="consult", series__isnull=True) | (~Q(kind="consult") & Q(series__isnull=False)),
                name="appointment_infusions_belong_to_a_series",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=["fulfilled", "cancelled", "noshow"]) & ~Q(ending=""))
                | (~Q(status__in=["fulfilled", "cancelled", "noshow"]) & Q(ending="")),
                name="appointment_ends_with_a_word",
            ),
            models.UniqueConstraint(
                fields=["series", "kind", "number"],
                condition=Q(
                    status__in=["proposed", "booked", "arrived", "fulfilled"], series__isnull=False, counts__isnull=True
                )
                | Q(status="fulfilled", series__isnull=False, counts=True),
                name="appointment_number_once_per_series",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "starts"]),
            models.Index(fields=["patient", "starts"]),
            models.Index(fields=["series", "number"]),
            # Open visits are few beside those that are over; the navigation asks which of them lie in the past.
            models.Index(
                fields=["site", "ends"],
                condition=Q(status__in=["proposed", "booked", "arrived"]),
                name="appointment_still_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts:%Y-%m-%d %H:%M}Z"

    @property
    def is_on_hold(self) -> bool:
        """Whether a doctor's decision keeps the patient from coming; the time stays reserved. Needs `series` loaded."""
        held = self.status == self.Status.PROPOSED
        return held and self.series is not None and self.series.status == Series.Status.ON_HOLD


class OfferQuerySet(models.QuerySet["Offer"]):
    """Offers, narrowed to who asks and to their kind."""

    def for_user(self, user: User) -> "OfferQuerySet":
        """Those at one of the user's sites."""
        return self.filter(site__in=Site.objects.for_user(user))

    def kept_plans(self) -> "OfferQuerySet":
        """Plans kept for one patient each."""
        return self.filter(kind=Offer.Kind.KEPT_PLAN)

    def earlier_times(self) -> "OfferQuerySet":
        """Earlier times offered to some of the list."""
        return self.filter(kind=Offer.Kind.EARLIER_TIME)


class Offer(models.Model):
    """Time held for somebody to say yes to, until it expires.

    A kept plan is one patient's. An earlier time may be offered to several (scheduling/models/earlier.py): it is held
    once, and the first to accept gets it.
    """

    class Kind(models.TextChoices):
        KEPT_PLAN = "kept_plan", _("a plan kept while the patient asks the driver")
        EARLIER_TIME = "earlier_time", _("an earlier time")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("lapsed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    #: Whose plan is kept; empty for an earlier time, which its invitations name people for.
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="offers")
    site = models.ForeignKey(Site, models.PROTECT, related_name="offers")
    protocol_version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="+")
    #: What a yes would book, and the wishes behind it: {"starts": [ISO moments in UTC], ...}; of a kept plan the JSON
    #: form of scheduling.actions.offers.KeptPlan.
    plan = models.JSONField()
    wishes = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["expires_at"]
        indexes = [models.Index(fields=["status", "expires_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="kept_plan", patient__isnull=False) | Q(kind="earlier_time", patient__isnull=True),
                name="offer_of_a_plan_is_one_patients",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.expires_at:%Y-%m-%d %H:%M}Z"

    @property
    def first_start(self) -> datetime:
        """The first of the times that it holds, in UTC."""
        return datetime.fromisoformat(self.plan["starts"][0])


class Hold(models.Model):
    """Some units of one resource reserved for one stretch of time: units [first_unit, end_unit), cells [start_cell,
    end_cell).

    A cell is five minutes, numbered from the Unix epoch (clinic.clock.cell): as integers, times that are infinite,
    empty or off the grid cannot even be
    written, and the planner loads them as they are. docs/decisions/holds-count-cells.md.
    """

    id = models.BigAutoField(primary_key=True)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="holds")
    #: The resource's capacity, kept equal by the foreign key (resource, capacity): a check cannot look into another
    #: table.
    capacity = models.PositiveSmallIntegerField()
    start_cell = models.PositiveIntegerField()
    end_cell = models.PositiveIntegerField()
    first_unit = models.PositiveSmallIntegerField()
    end_unit = models.PositiveSmallIntegerField()
    appointment = models.ForeignKey(Appointment, models.CASCADE, null=True, blank=True, related_name="holds")
    offer = models.ForeignKey(Offer, models.CASCADE, null=True, blank=True, related_name="holds")
    #: Position of the phase that needs it; empty for time that no phase takes (cleaning the chair).
    phase = models.PositiveSmallIntegerField(null=True, blank=True)
    #: Time held for somebody to say yes, or for a doctor to clear: free again from this moment on, even before the
    #: row is removed.
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="hold_never_twice",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    (CellRange("start_cell", "end_cell"), RangeOperators.OVERLAPS),
                    (CellRange("first_unit", "end_unit"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(start_cell__lt=F("end_cell")), name="hold_takes_time"),
            models.CheckConstraint(
                condition=Q(first_unit__gte=0, first_unit__lt=F("end_unit")), name="hold_takes_units"
            ),
            models.CheckConstraint(condition=Q(end_unit__lte=F("capacity")), name="hold_within_capacity"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=True, offer__isnull=False)
                | Q(appointment__isnull=False, offer__isnull=True),
                name="hold_of_one_visit_or_offer",
            ),
            models.CheckConstraint(
                condition=Q(offer__isnull=True) | Q(expires_at__isnull=False), name="hold_of_an_offer_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: cells {self.start_cell}-{self.end_cell}, units {self.first_unit}-{self.end_unit}"
