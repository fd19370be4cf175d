"""How each course stands: what was given, what is to come, and whether a doctor has to say how it goes on. Queries do
not grow with the rows.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import User
from patients.models import Measure, Observation
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.selectors.course_changes import with_pauses

Kind = Appointment.Kind


@dataclass(frozen=True, slots=True)
class Course:
    """One running series in figures; moments are UTC. `interval_days` is None until a doctor has set one."""

    series: Series
    treated: int
    infusions_left: int
    last_treated: datetime | None
    next_visit: datetime | None
    interval_days: int | None
    last_pain: float | None
    pattern: str | None = None
    review_on: date | None = None
    is_paused: bool = False
    paused_until: date | None = None

    @property
    def every(self) -> str:
        """How often boosters come, in short words; empty until a doctor has said."""
        if self.interval_days is None:
            return ""
        if self.pattern == BoosterPlan.Pattern.AS_NEEDED:
            return f"as needed, {self.interval_days} days apart"
        return (
            f"up to {self.interval_days} days"
            if self.pattern == BoosterPlan.Pattern.WIDENING
            else (f"{self.interval_days} days")
        )

    @property
    def review_due(self) -> bool:
        """Whether the day on which the doctor wanted to look again has come, on the site's calendar."""
        return self.review_on is not None and self.review_on <= clock.today(self.series.site.zone)

    @property
    def induction_done(self) -> bool:
        """Whether nothing of the induction is left to come: all given, or some given and the rest lost."""
        return self.series.stage == Series.Stage.INDUCTION and self.infusions_left == 0 and self.treated > 0

    @property
    def due_unbooked(self) -> bool:
        """Whether boosters are set and none is booked, though they do not come as needed and nobody has paused them."""
        is_as_needed = self.pattern == BoosterPlan.Pattern.AS_NEEDED
        nothing_booked = self.interval_days is not None and self.next_visit is None
        return nothing_booked and not is_as_needed and not self.is_paused


class Figures(TypedDict):
    """What `courses` annotates."""

    treated: int
    infusions_left: int
    last_treated: datetime | None
    next_visit: datetime | None
    interval_days: int | None
    last_pain: Decimal | None
    pattern: str | None
    review_on: date | None
    is_paused: bool
    paused_until: date | None


if TYPE_CHECKING:
    FiguredSeries = WithAnnotations[Series, Figures]


def courses(user: User) -> "QuerySet[FiguredSeries]":
    """The running series of the user's sites with their figures as annotations; `as_course` reads them."""
    plans = BoosterPlan.objects.filter(series=OuterRef("pk")).order_by("-set_at")
    pain = Observation.objects.filter(patient=OuterRef("patient"), measure=Measure.PAIN).order_by("-effective_at")
    to_come = Q(appointments__status__in=Appointment.BLOCKING)
    found = (
        with_pauses(Series.objects.for_user(user))
        .filter(status__in=[Series.Status.ACTIVE, Series.Status.ON_HOLD])
        .select_related("patient", "site", "protocol_version__protocol")
        .annotate(
            treated=Count("appointments", filter=Q(appointments__counts=True, appointments__kind=Kind.INFUSION)),
            infusions_left=Count("appointments", filter=to_come & Q(appointments__kind=Kind.INFUSION)),
            last_treated=Max("appointments__starts", filter=Q(appointments__counts=True)),
            next_visit=Min("appointments__starts", filter=to_come & Q(appointments__starts__gte=clock.now())),
            interval_days=Subquery(plans.values("interval_days")[:1]),
            pattern=Subquery(plans.values("pattern")[:1]),
            review_on=Subquery(plans.values("review_on")[:1]),
            last_pain=Subquery(pain.values("value")[:1]),
        )
        .order_by("patient__family_name", "patient__given_name")
    )
    return cast("QuerySet[FiguredSeries]", found)


def as_course(series: "FiguredSeries") -> Course:
    """The figures that `courses` annotated."""
    return Course(
        series=series,
        treated=series.treated,
        infusions_left=series.infusions_left,
        last_treated=series.last_treated,
        next_visit=series.next_visit,
        interval_days=series.interval_days,
        last_pain=float(series.last_pain) if series.last_pain is not None else None,
        pattern=series.pattern,
        review_on=series.review_on,
        is_paused=series.is_paused,
        paused_until=series.paused_until,
    )


def to_decide(user: User) -> list[Course]:
    """Courses whose induction is over and whose boosters no doctor has set yet; treated longest ago first."""
    found = courses(user).filter(
        stage=Series.Stage.INDUCTION, treated__gt=0, infusions_left=0, interval_days__isnull=True
    )
    return [as_course(series) for series in found.order_by("last_treated")]


def in_maintenance(user: User) -> "QuerySet[FiguredSeries]":
    """Courses whose boosters are set, those to be looked at again first, then those with nothing booked, then by the
    next booster; those that are paused last.
    """
    found = courses(user).filter(stage=Series.Stage.MAINTENANCE)
    return found.alias(on_time=~Q(review_on__lte=clock.now().date()) | Q(review_on=None)).order_by(
        "on_time", "is_paused", F("next_visit").asc(nulls_first=True), "patient__family_name", "pk"
    )


def next_to_read(user: User, series: Series) -> Series | None:
    """The course after `series` in the order in which the doctor reads them: those to decide, then maintenance. None
    after the last. Three queries.
    """
    order = [one.series.pk for one in to_decide(user)] + list(in_maintenance(user).values_list("pk", flat=True))
    place = order.index(series.pk) + 1 if series.pk in order else 0
    rest = [pk for pk in order[place:] if pk != series.pk]
    return Series.objects.select_related("patient").filter(pk=rest[0]).first() if rest else None


def induction_is_over(series: Series) -> bool:
    """Whether an induction has infusions given and none to come, so that a doctor has to say how it goes on."""
    infusions = Appointment.objects.filter(series=series, kind=Kind.INFUSION)
    return infusions.filter(counts=True).exists() and not infusions.blocking().exists()
