"""Series and what a doctor decides about their boosters."""

from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, StaffMember, User
from patients.models import Patient
from scheduling.models.protocol import ProtocolVersion


class SeriesQuerySet(models.QuerySet["Series"]):
    """Series, narrowed to who asks."""

    def for_user(self, user: User) -> "SeriesQuerySet":
        """Those at one of the user's sites."""
        return self.filter(site__in=Site.objects.for_user(user))

    def running(self) -> "SeriesQuerySet":
        """Those that may still have visits to come."""
        return self.filter(status__in=Series.RUNNING)

    def to_change(self, pk: UUID) -> "Series":
        """The series as it is now, its row locked, with what whoever writes its visits reads of site, patient and
        protocol.
        """
        found = self.select_related("site", "patient", "protocol_version__protocol")
        return found.select_for_update(of=("self",)).get(pk=pk)


class Series(models.Model):
    """One patient's course (FHIR CarePlan): the induction, then maintenance.

    `wishes` keeps what the series was planned with: the JSON form of scheduling.planner.values.Wishes (see
    scheduling/wishes.py).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("held, waiting for clearance")
        ACTIVE = "active", _("running")
        ON_HOLD = "on-hold", _("on hold")
        COMPLETED = "completed", _("completed")
        REVOKED = "revoked", _("stopped")

    class Stage(models.TextChoices):
        INDUCTION = "induction", _("induction")
        MAINTENANCE = "maintenance", _("maintenance")

    RUNNING = (Status.DRAFT, Status.ACTIVE, Status.ON_HOLD)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="series")
    site = models.ForeignKey(Site, models.PROTECT, related_name="series")
    protocol_version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="series")
    status = models.CharField(_("status"), max_length=9, choices=Status.choices, default=Status.ACTIVE)
    stage = models.CharField(_("stage"), max_length=11, choices=Stage.choices, default=Stage.INDUCTION)
    sessions = models.PositiveSmallIntegerField(_("infusions planned"))
    first_day = models.DateField(_("first possible day"))
    #: The spacing that a doctor set for this patient, in days; all empty: the protocol's.
    min_gap_days = models.PositiveSmallIntegerField(_("days between visits, at least"), null=True, blank=True)
    ideal_gap_days = models.DecimalField(
        _("days between visits, ideally"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    max_gap_days = models.PositiveSmallIntegerField(_("days between visits, at most"), null=True, blank=True)
    wishes = models.JSONField(default=dict, blank=True)
    #: The cost of the plan that was chosen, term by term (scheduling.planner.cost).
    plan_terms = models.JSONField(default=dict, blank=True)
    #: While DRAFT: when the time held for an uncleared patient is released.
    held_until = models.DateTimeField(null=True, blank=True)
    #: Counts changes that patients are told about; messages about the series carry it.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(_("why it ended"), blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=Q(sessions__gte=1), name="series_of_some_sessions"),
            # A comparison with an empty column is neither true nor false, so "all or none" is said first.
            models.CheckConstraint(
                condition=Q(min_gap_days__isnull=True, ideal_gap_days__isnull=True, max_gap_days__isnull=True)
                | Q(min_gap_days__isnull=False, ideal_gap_days__isnull=False, max_gap_days__isnull=False),
                name="series_spacing_whole_or_none",
            ),
            models.CheckConstraint(
                condition=Q(min_gap_days__isnull=True)
                | Q(min_gap_days__gte=1, min_gap_days__lte=F("ideal_gap_days"), max_gap_days__gte=F("ideal_gap_days")),
                name="series_gaps_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(held_until__isnull=False), name="series_held_until_some_time"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["completed", "revoked"]) | Q(ended_at__isnull=False),
                name="series_ended_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="revoked") | ~Q(end_reason=""), name="series_stopped_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "status"]),
            # The navigation asks on every page what of a site goes on; most series are history.
            models.Index(
                fields=["site"], condition=Q(status__in=["draft", "active", "on-hold"]), name="series_that_goes_on"
            ),
            models.Index(fields=["site"], condition=Q(status__in=["draft", "on-hold"]), name="series_that_waits"),
            models.Index(
                fields=["site"], condition=Q(status="active", stage="maintenance"), name="series_in_maintenance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_version.protocol.name} ({self.get_status_display()})"


class BoosterPlan(models.Model):
    """How often a doctor wants boosters to come. The newest row of a series counts; older ones are its history.

    Fixed: every `interval_days`. Widening: `steps`, one after the other, the last of which stays. As needed: none is
    booked ahead, and `interval_days` is the smallest gap.
    """

    class Pattern(models.TextChoices):
        FIXED = "fixed", _("at a fixed interval")
        WIDENING = "widening", _("widening step by step")
        AS_NEEDED = "as_needed", _("as needed, with a smallest gap")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    series = models.ForeignKey(Series, models.CASCADE, related_name="booster_plans")
    interval_days = models.PositiveSmallIntegerField(_("days between boosters"))
    tolerance_days = models.PositiveSmallIntegerField(_("early or late by at most, in days"))
    pattern = models.CharField(_("pattern"), max_length=9, choices=Pattern.choices, default=Pattern.FIXED)
    #: Days between boosters, one after the other (widening only).
    steps = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("steps, in days"), default=list, blank=True)
    #: The visit that the first gap counts from (UTC): steps go on from there.
    counts_from = models.DateTimeField(null=True, blank=True)
    #: One extra booster comes as soon as possible; the interval counts from it.
    extra_now = models.BooleanField(_("one extra now"), default=False)
    ends_on = models.DateField(_("last day of boosters"), null=True, blank=True)
    review_on = models.DateField(_("to be looked at again on"), null=True, blank=True)
    #: What the curve suggested when it was decided, with its data (scheduling.selectors.response.as_json); empty:
    #: nothing was shown.
    suggested = models.JSONField(default=dict, blank=True)
    reason = models.TextField(_("reason"))
    set_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-set_at"]
        constraints = [
            # Between boosters: at least a week, at most a year (seen in practice: 2 to 6 weeks; domain.md).
            models.CheckConstraint(
                condition=Q(interval_days__gte=7, interval_days__lte=365), name="booster_interval_in_range"
            ),
            models.CheckConstraint(
                condition=Q(tolerance_days__lt=models.F("interval_days")), name="booster_tolerance_below_interval"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="booster_interval_has_a_reason"),
            models.CheckConstraint(
                condition=Q(pattern="widening", steps__len__gte=2) | (~Q(pattern="widening") & Q(steps__len=0)),
                name="booster_steps_where_it_widens",
            ),
        ]
        indexes = [models.Index(fields=["series", "-set_at"])]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """As one says it: "every 21 days"."""
        if self.pattern == self.Pattern.AS_NEEDED:
            return f"as needed, {self.interval_days} days apart at least"
        if self.pattern == self.Pattern.WIDENING:
            return f"after {', '.join(map(str, self.steps))} days, then every {self.steps[-1]} days"
        return f"every {self.interval_days} days"
