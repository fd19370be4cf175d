"""Courses that were paused or stopped: which are paused now, which pauses are over, and what a doctor has not seen."""

from typing import Any
from uuid import UUID

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When

from clinic.models import User
from patients.models import Patient
from scheduling.models import CourseChange, Series
from scheduling.selectors.desk_scope import Scope

Kind = CourseChange.Kind


def pause_of(series: Series) -> CourseChange | None:
    """The pause that lasts; None where the newest change is none, or the series is not on hold. One query."""
    newest = CourseChange.objects.filter(series=series).order_by("-at").first()
    lasts = series.status == Series.Status.ON_HOLD and newest is not None and newest.kind == Kind.PAUSED
    return newest if lasts else None


def is_paused(series: Series) -> bool:
    """Whether the series is on hold because somebody asked for it."""
    return pause_of(series) is not None


def lasting_pauses(patient: Patient) -> dict[UUID, CourseChange]:
    """The pauses that last, by series. One query."""
    newest = CourseChange.objects.filter(series__patient=patient, series__status=Series.Status.ON_HOLD)
    found = newest.order_by("series_id", "-at").distinct("series_id")
    return {one.series_id: one for one in found if one.kind == Kind.PAUSED}


def with_pauses(series: QuerySet[Any]) -> QuerySet[Any]:
    """`series` with `is_paused`, and of the newest change `paused_until` (a date, or None for no end) and `paused_at`,
    which mean something where it is.
    """
    newest = CourseChange.objects.filter(series=OuterRef("pk")).order_by("-at")
    told: QuerySet[Any] = series.alias(last_change=Subquery(newest.values("kind")[:1])).annotate(
        is_paused=Case(
            When(status=Series.Status.ON_HOLD, last_change=Kind.PAUSED, then=Value(True)), default=Value(False)
        ),
        paused_until=Subquery(newest.values("until")[:1]),
        paused_at=Subquery(newest.values("at")[:1]),
    )
    return told


def paused(series: QuerySet[Any]) -> QuerySet[Any]:
    """Those of `series` that are paused, with what `with_pauses` says of them."""
    return with_pauses(series.filter(status=Series.Status.ON_HOLD)).filter(is_paused=True)


def pauses_over(scope: Scope) -> QuerySet[Any]:
    """Paused series of the scope's sites whose day has come: the desk asks the patient, and plans on."""
    due = Q(pk__in=[])
    for site in scope.sites:
        due |= Q(site=site, paused_until__lte=scope.today(site))
    return paused(Series.objects.filter(site__in=scope.sites)).filter(due)


def unseen_changes(user: User) -> QuerySet[CourseChange]:
    """Pauses and stops at the user's sites that no doctor has seen, oldest first."""
    found = CourseChange.objects.for_user(user).unseen()
    return found.select_related("series__patient", "series__site", "series__protocol_version__protocol").order_by("at")
