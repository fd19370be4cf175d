"""How each course stands: what was given, what is to come, and whether a doctor has to say how it goes on. Queries do
not grow with the rows.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import User
from patients.models import Measure, Observation
from scheduling.models import Appointment, BoosterPlan, Series

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

    @property
    def induction_done(self) -> bool:
        """Whether nothing of the induction is left to come: all given, or some given and the rest lost."""
        return self.series.stage == Series.Stage.INDUCTION and self.infusions_left == 0 and self.treated > 0

    @property
    def due_unbooked(self) -> bool:
        """Whether boosters are set and none is booked."""
        return self.interval_days is not None and self.next_visit is None


class Figures(TypedDict):
    """What `courses` annotates."""

    treated: int
    infusions_left: int
    last_treated: datetime | None
    next_visit: datetime | None
    interval_days: int | None
    last_pain: Decimal | None


if TYPE_CHECKING:
    FiguredSeries = WithAnnotations[Series, Figures]


def courses(user: User) -> "QuerySet[FiguredSeries]":
    """The running series of the user's sites with their figures as annotations; `as_course` reads them."""
    plans = BoosterPlan.objects.filter(series=OuterRef("pk")).order_by("-set_at")
    pain = Observation.objects.filter(patient=OuterRef("patient"), measure=Measure.PAIN).order_by("-effective_at")
    to_come = Q(appointments__status__in=Appointment.BLOCKING)
    found = (
        Series.objects.for_user(user)
        .filter(status__in=[Series.Status.ACTIVE, Series.Status.ON_HOLD])
        .select_related("patient", "site", "protocol_version__protocol")
        .annotate(
            treated=Count("appointments", filter=Q(appointments__counts=True, appointments__kind=Kind.INFUSION)),
            infusions_left=Count("appointments", filter=to_come & Q(appointments__kind=Kind.INFUSION)),
            last_treated=Max("appointments__starts", filter=Q(appointments__counts=True)),
            next_visit=Min("appointments__starts", filter=to_come & Q(appointments__starts__gte=clock.now())),
            interval_days=Subquery(plans.values("interval_days")[:1]),
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
    )


def to_decide(user: User) -> list[Course]:
    """Courses whose induction is over and whose boosters no doctor has set yet; treated longest ago first."""
    found = courses(user).filter(
        stage=Series.Stage.INDUCTION, treated__gt=0, infusions_left=0, interval_days__isnull=True
    )
    return [as_course(series) for series in found.order_by("last_treated")]


def in_maintenance(user: User) -> "QuerySet[FiguredSeries]":
    """Courses whose boosters are set, those with nothing booked first, then by the next booster."""
    found = courses(user).filter(stage=Series.Stage.MAINTENANCE)
    return found.order_by(F("next_visit").asc(nulls_first=True), "patient__family_name", "pk")


def induction_is_over(series: Series) -> bool:
    """Whether an induction has infusions given and none to come, so that a doctor has to say how it goes on."""
    infusions = Appointment.objects.filter(series=series, kind=Kind.INFUSION)
    return infusions.filter(counts=True).exists() and not infusions.blocking().exists()
