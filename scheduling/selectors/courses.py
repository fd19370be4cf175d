"""How each course stands: what was given, what is to come, and whether a doctor has to say how it goes on. Queries do
not grow with the rows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict, cast
from uuid import UUID

from django.db.models import Aggregate, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import User
from patients.models import Measure, Observation
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.selectors.course_changes import with_pauses
from scheduling.selectors.intervals import set_last
from scheduling.selectors.local_days import local_date

Kind = Appointment.Kind
_GIVEN = Q(counts=True, kind=Kind.INFUSION)
_INFUSION_LEFT = Q(status__in=Appointment.BLOCKING, kind=Kind.INFUSION)
#: What a list shows of a series.
_LISTED = (
    "sessions",
    "stage",
    "status",
    "patient__given_name",
    "patient__family_name",
    "site__time_zone",
    "protocol_version__protocol__name",
)


@dataclass(frozen=True, slots=True)
class Course:
    """One series in figures; moments are UTC. `interval_days` is None until a doctor has set one."""

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
    def has_ended(self) -> bool:
        """Whether it was completed or stopped: it is read, and nothing of it can be planned."""
        return self.series.status not in Series.RUNNING

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
    """The series of the user's sites that have begun, those that ended too, with their figures as annotations;
    `as_course` reads them.

    Each figure is a subquery of its own: joined, the visits of a series would multiply its wide row, and all of them be
    sorted to be counted.
    """
    pain = Observation.objects.filter(patient=OuterRef("patient"), measure=Measure.PAIN).order_by("-effective_at")
    found = (
        with_pauses(Series.objects.for_user(user).exclude(status=Series.Status.DRAFT))
        .select_related("patient", "site", "protocol_version__protocol")
        .annotate(
            treated=Coalesce(_of_visits(Count("pk"), _GIVEN), 0),
            infusions_left=Coalesce(_of_visits(Count("pk"), _INFUSION_LEFT), 0),
            last_treated=_of_visits(Max("starts"), Q(counts=True)),
            next_visit=_next_visit(),
            interval_days=set_last("interval_days"),
            pattern=set_last("pattern"),
            review_on=set_last("review_on"),
            last_pain=Subquery(pain.values("value")[:1]),
        )
        .order_by("patient__family_name", "patient__given_name")
    )
    return cast("QuerySet[FiguredSeries]", found)


def _running(user: User) -> QuerySet[Series]:
    return Series.objects.for_user(user).filter(status__in=[Series.Status.ACTIVE, Series.Status.ON_HOLD])


def _of_visits(figure: Aggregate, which: Q) -> Subquery:
    """`figure` of the visits of a series to which `which` applies; NULL where there is none."""
    visits = Appointment.objects.filter(which, series=OuterRef("pk")).order_by()
    return Subquery(visits.values("series").annotate(figure=figure).values("figure"))


def _next_visit() -> Subquery:
    return _of_visits(Min("starts"), Q(status__in=Appointment.BLOCKING, starts__gte=clock.now()))


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


def undecided(user: User) -> list[UUID]:
    """The courses whose induction is over and whose boosters no doctor has set yet; treated longest ago first."""
    visits = Appointment.objects.filter(series=OuterRef("pk"))
    found = _running(user).filter(
        Exists(visits.filter(_GIVEN)),
        ~Exists(visits.filter(_INFUSION_LEFT)),
        ~Exists(BoosterPlan.objects.filter(series=OuterRef("pk"))),
        stage=Series.Stage.INDUCTION,
    )
    in_order = found.alias(last_treated=_of_visits(Max("starts"), Q(counts=True))).order_by("last_treated", "pk")
    return list(in_order.values_list("pk", flat=True))


def in_maintenance(user: User) -> list[UUID]:
    """The courses whose boosters are set, as their doctor reads them: those to be looked at again first, then those
    with nothing booked, then by the next booster; those that are paused last. One query, which works out what it sorts
    by and nothing else.
    """
    found: QuerySet[Any] = with_pauses(_running(user).filter(stage=Series.Stage.MAINTENANCE)).alias(
        next_visit=_next_visit(), review_on=set_last("review_on")
    )
    today = local_date(clock.now(), "site__time_zone")
    in_order = found.alias(on_time=Q(review_on=None) | Q(review_on__gt=today)).order_by(
        "on_time", "is_paused", F("next_visit").asc(nulls_first=True), "patient__family_name", "pk"
    )
    return list(in_order.values_list("pk", flat=True))


def courses_of(user: User, wanted: Collection[UUID]) -> dict[UUID, Course]:
    """The courses with these ids, to be listed: of what they belong to little more than the names is read. One that is
    none of the user's is left out. One query.
    """
    found = courses(user).filter(pk__in=wanted).only(*_LISTED)
    return {series.pk: as_course(series) for series in found}


def next_to_read(user: User, series: Series) -> Series | None:
    """The course after `series` in the order in which the doctor reads them: those to decide, then maintenance. None
    after the last. Three queries.
    """
    order = undecided(user) + in_maintenance(user)
    place = order.index(series.pk) + 1 if series.pk in order else 0
    rest = [pk for pk in order[place:] if pk != series.pk]
    return Series.objects.select_related("patient").filter(pk=rest[0]).first() if rest else None


def induction_is_over(series: Series) -> bool:
    """Whether an induction has infusions given and none to come, so that a doctor has to say how it goes on."""
    infusions = Appointment.objects.filter(series=series, kind=Kind.INFUSION)
    return infusions.filter(counts=True).exists() and not infusions.blocking().exists()
