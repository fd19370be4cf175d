"""What is left of a running series: what was given, what is to come, and what binds the two. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from scheduling.models import Appointment, Series
from scheduling.selectors.series_rules import Spacing, local_day, spacing_of, window_of_series

Status = Appointment.Status
Kind = Appointment.Kind
NO_LIMIT = 10_000
"""Days between two visits where nothing sets a largest gap."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A series as it stands. `given` counted toward it, `coming` are held, booked or here; both in order of time.

    `window`: the most days from the first infusion to the last (None for boosters).
    """

    series: Series
    kind: Appointment.Kind
    given: list[Appointment]
    coming: list[Appointment]
    spacing: Spacing
    window: int | None
    now: datetime

    @property
    def last_given(self) -> Appointment | None:
        """The last visit that counted."""
        return self.given[-1] if self.given else None

    @property
    def missing(self) -> int:
        """How many infusions are still to be planned, since some were lost or called off."""
        return max(0, self.series.sessions - len(self.given) - len(self.coming)) if self.kind == Kind.INFUSION else 0

    @property
    def movable(self) -> list[Appointment]:
        """Those that may move: not begun, still to come, and not kept fixed."""
        return [one for one in self.coming if not self.is_fixed(one)]

    @property
    def seen(self) -> dict[UUID, int]:
        """The version of each visit to come: what a page shows and an action compares."""
        return {one.pk: one.version for one in self.coming}

    @property
    def notice_until(self) -> datetime:
        """Until when a patient has too little notice (UTC): the site's hours from now."""
        return self.now + timedelta(hours=self.series.site.notice_hours)

    def is_fixed(self, visit: Appointment) -> bool:
        """Whether a visit stays whatever happens: the clerk fixed it, or it is here or over by the clock.

        Of boosters also those within the site's notice period, as everywhere.
        """
        if visit.pinned or visit.status == Status.ARRIVED or visit.starts <= self.now:
            return True
        return self.kind == Kind.BOOSTER and visit.starts < self.notice_until

    def day(self, visit: Appointment) -> date:
        """The local date of a visit."""
        return local_day(visit.starts, self.series.site)

    def distances(self) -> dict[tuple[UUID, UUID], int]:
        """Days between neighbours as they stand, by the two visits: after a lost visit more than the series allows."""
        line = [*self.given[-1:], *self.coming]
        return {(a.pk, b.pk): (self.day(b) - self.day(a)).days for a, b in pairwise(line)}

    def span(self) -> int:
        """Days from the first infusion to the last as they stand."""
        line = [*self.given, *self.coming]
        return (self.day(line[-1]) - self.day(line[0])).days if line else 0


def rest_of(series: Series, now: datetime, kind: Appointment.Kind = Kind.INFUSION) -> Rest:
    """The series as it stands at `now` (aware), in two queries."""
    visits = list(
        Appointment.objects.filter(series=series)
        .select_related("site", "patient", "series", "protocol_version__protocol", "practitioner__resource")
        .order_by("starts")
    )
    coming = [one for one in visits if one.kind == kind and one.status in Appointment.BLOCKING]
    given = [one for one in visits if one.status == Status.FULFILLED and one.counts]
    if kind == Kind.INFUSION:
        given = [one for one in given if one.kind == kind]
        return Rest(series, kind, given, coming, spacing_of(series), window_of_series(series), now)
    return Rest(series, kind, given, coming, _booster_spacing(series), None, now)


def _booster_spacing(series: Series) -> Spacing:
    """Days between boosters by the interval that a doctor set last; without one, the protocol's smallest gap alone."""
    least, plan = series.protocol_version.min_gap_days, series.booster_plans.first()
    if plan is None:
        return Spacing(least, float(least), NO_LIMIT)
    days, tolerance = plan.interval_days, plan.tolerance_days
    return Spacing(max(least, days - tolerance), float(days), days + tolerance)
