"""Protocols: how many visits, how far apart, with which phases, and what each phase needs (FHIR PlanDefinition)."""

from datetime import timedelta
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, StaffMember, User
from patients.models import Language


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    """Protocols, narrowed to who asks."""

    def for_user(self, user: User) -> "ProtocolQuerySet":
        """Those in use at one of the user's sites."""
        return self.filter(is_active=True, sites__in=Site.objects.for_user(user)).distinct()


class Protocol(models.Model):
    """A kind of visit or course that the clinic offers. What it says is in its versions."""

    class Kind(models.TextChoices):
        CONSULT = "consult", _("consult")
        INFUSION = "infusion", _("infusion series")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    sites = models.ManyToManyField(Site, related_name="protocols")
    is_active = models.BooleanField(_("in use"), default=True)
    #: Among consults: the one that is offered first to whoever was here before. docs/decisions/consults.md.
    is_follow_up = models.BooleanField(_("for patients seen before"), default=False)

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class ProtocolVersion(models.Model):
    """One version of a protocol. A running series keeps the version it was booked with, so a version in use is never
    changed.

    Gaps and windows count days between dates: Monday to Wednesday is a gap of 2; `window_days` is the most days from
    the first visit to the last.
    """

    class Route(models.TextChoices):
        INTRAVENOUS = "iv", _("intravenous")
        INTRAMUSCULAR = "im", _("intramuscular")
        NONE = "none", _("none")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    protocol = models.ForeignKey(Protocol, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    #: The version that new bookings use; one per protocol.
    is_current = models.BooleanField(default=True)
    route = models.CharField(_("route"), max_length=4, choices=Route.choices, default=Route.NONE)
    sessions = models.PositiveSmallIntegerField(_("visits in the series"), default=1)
    min_gap_days = models.PositiveSmallIntegerField(_("days between visits, at least"), default=1)
    ideal_gap_days = models.DecimalField(_("days between visits, ideally"), max_digits=5, decimal_places=2, default=1)
    max_gap_days = models.PositiveSmallIntegerField(_("days between visits, at most"), default=1)
    window_days = models.PositiveSmallIntegerField(_("days from the first visit to the last, at most"), default=0)
    booster_interval_days = models.PositiveSmallIntegerField(
        _("days between boosters, to begin with"), null=True, blank=True
    )
    booster_tolerance_days = models.PositiveSmallIntegerField(
        _("a booster may be early or late by, in days"), default=3
    )
    #: Kinds of chair that will do, of clinic.models.ResourceKind; empty where no chair is needed.
    chair_kinds = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    turnover_minutes = models.PositiveSmallIntegerField(_("minutes to clean the chair afterwards"), default=0)
    needs_ride = models.BooleanField(_("an adult must drive the patient home"), default=True)
    needs_clearance = models.BooleanField(_("a doctor must have cleared the patient"), default=True)
    needs_consent = models.BooleanField(_("a signed consent is needed"), default=True)
    fasting_food_hours = models.PositiveSmallIntegerField(_("hours without food before"), null=True, blank=True)
    fasting_fluids_hours = models.PositiveSmallIntegerField(
        _("hours without clear fluids before"), null=True, blank=True
    )
    #: Questions asked at check-in, and points to be met before discharge: lists of {"en": ..., "es": ...}.
    checkin_list = models.JSONField(default=list, blank=True)
    fitness_list = models.JSONField(default=list, blank=True)
    #: A reading beyond one of these stops the drip until a new one is within, or a doctor decides; empty: no limit.
    #: Where one is set, a blood pressure is taken before the drip may start.
    systolic_limit = models.PositiveSmallIntegerField(_("systolic pressure, at most (mmHg)"), null=True, blank=True)
    diastolic_limit = models.PositiveSmallIntegerField(_("diastolic pressure, at most (mmHg)"), null=True, blank=True)
    spo2_least = models.PositiveSmallIntegerField(_("oxygen saturation, at least (%)"), null=True, blank=True)
    #: How often vital signs are taken from the start of the drip until the patient leaves; empty: nobody is reminded.
    reading_every_minutes = models.PositiveSmallIntegerField(_("minutes between readings"), null=True, blank=True)
    #: Visits of a series this close together get fewer messages: those steps of the ladder that say so.
    close_days = models.PositiveSmallIntegerField(_("visits are close together when so many days apart"), default=3)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["protocol", "-number"]
        constraints = [
            models.UniqueConstraint("protocol", "number", name="protocol_version_number_once"),
            models.UniqueConstraint(
                fields=["protocol"], condition=Q(is_current=True), name="protocol_one_current_version"
            ),
            models.CheckConstraint(condition=Q(sessions__gte=1, sessions__lte=60), name="protocol_sessions_in_range"),
            models.CheckConstraint(
                condition=Q(min_gap_days__gte=1, min_gap_days__lte=F("max_gap_days")), name="protocol_gaps_in_order"
            ),
            models.CheckConstraint(
                condition=Q(ideal_gap_days__gte=F("min_gap_days"), ideal_gap_days__lte=F("max_gap_days")),
                name="protocol_ideal_gap_between",
            ),
            models.CheckConstraint(
                condition=Q(window_days__gte=(F("sessions") - 1) * F("min_gap_days")),
                name="protocol_gaps_fit_window",
                violation_error_message=_(
                    "The visits do not fit: with the least gap between them they take longer than the days from the "
                    "first to the last. Allow more days, a smaller gap or fewer visits."
                ),
            ),
            models.CheckConstraint(
                condition=Q(systolic_limit__isnull=True)
                | Q(diastolic_limit__isnull=True)
                | Q(systolic_limit__gt=F("diastolic_limit")),
                name="protocol_pressure_limits_in_order",
                violation_error_message=_("The systolic limit must lie above the diastolic one."),
            ),
            models.CheckConstraint(
                condition=Q(spo2_least__isnull=True) | Q(spo2_least__lte=100), name="protocol_saturation_in_percent"
            ),
            models.CheckConstraint(
                condition=Q(reading_every_minutes__isnull=True) | Q(reading_every_minutes__gte=1),
                name="protocol_readings_some_minutes_apart",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} v{self.number}"

    @property
    def duration(self) -> timedelta:
        """How long the patient is here: all phases, without the cleaning of the chair."""
        return timedelta(minutes=sum(phase.minutes for phase in self.phases.all()))


class ProtocolText(models.Model):
    """What a patient is told about the visits of a protocol, in one language. Nothing clinical (promise 8), but for
    `medicines`: the doctor's words, which no mail and no text message has, and the page only behind the birth date.
    """

    version = models.ForeignKey(ProtocolVersion, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    preparation = models.TextField(_("how to prepare"), blank=True)
    medicines = models.TextField(_("what to take and what not"), blank=True)
    bring = models.TextField(_("what to bring"), blank=True)
    aftercare = models.TextField(_("what to do afterwards"), blank=True)
    watch_for = models.TextField(_("when to call"), blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("version", "language", name="protocol_text_once")]

    def __str__(self) -> str:
        return f"{self.version}, {self.language}"


class LadderStep(models.Model):
    """One message that a protocol sends around each visit: so many days before it (or after, for a kind that follows a
    visit: scheduling.messages.reminders.AFTER), at a local time. Without a time: as early as messages may go out.
    """

    version = models.ForeignKey(ProtocolVersion, models.CASCADE, related_name="ladder")
    kind = models.CharField(max_length=24)
    days = models.PositiveSmallIntegerField(_("days before or after the visit"))
    send_at = models.TimeField(_("local time"), null=True, blank=True)
    #: Also where another visit of the series is close (ProtocolVersion.close_days).
    when_close = models.BooleanField(_("also when visits are close together"), default=True)

    class Meta:
        ordering = ["-days", "send_at"]
        constraints = [models.UniqueConstraint("version", "kind", "days", name="ladder_step_once")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.days} days, {self.send_at or 'early'}"


class Phase(models.Model):
    """A stretch of a visit with its needs, in the order of `position`."""

    class Kind(models.TextChoices):
        TALK = "talk", _("consult")
        PREPARE = "prepare", _("prepare")
        INFUSE = "infuse", _("infuse")
        RECOVER = "recover", _("recover")

    version = models.ForeignKey(ProtocolVersion, models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("phase"), max_length=8, choices=Kind.choices)
    minutes = models.PositiveSmallIntegerField(_("minutes"))

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("version", "position", name="phase_position_once"),
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=720), name="phase_minutes_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.minutes} min"


class PhaseNeed(models.Model):
    """What a phase takes: a kind of resource, the lane of it, and how many units. The words are those of
    scheduling.planner.values."""

    class Kind(models.TextChoices):
        CHAIR = "chair", _("chair")
        NURSE = "nurse", _("nurse")
        DOCTOR = "doctor", _("doctor")
        MONITOR = "monitor", _("monitor")

    class Lane(models.TextChoices):
        WHOLE = "whole", _("to itself")
        HANDS = "hands", _("hands")
        WATCH = "watch", _("watching")
        PRESENCE = "presence", _("on site")

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="needs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    lane = models.CharField(max_length=8, choices=Lane.choices)
    units = models.PositiveSmallIntegerField(default=1)
    #: With the hands: the nurse watches nobody else meanwhile.
    alone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("phase", "kind", "lane", name="phase_need_once"),
            models.CheckConstraint(condition=Q(units__gte=1), name="phase_need_of_some_units"),
            models.CheckConstraint(
                condition=Q(kind__in=["chair", "monitor"], lane="whole", units=1)
                | Q(kind="doctor", lane__in=["hands", "presence"], units=1)
                | Q(kind="nurse", lane="watch")
                | Q(kind="nurse", lane__in=["hands", "presence"], units=1),
                name="phase_need_lane_fits_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.lane} x {self.units}"
