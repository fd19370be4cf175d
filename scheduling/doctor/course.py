"""What the booster page shows about one course, gathered once."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import cached_property

from clinic import clock
from patients.models import SCORES, Measure, Observation
from scheduling.doctor.chart import Chart, draw
from scheduling.models import Appointment, BoosterPlan
from scheduling.selectors.courses import Course

#: The tolerance that the form starts with where neither doctor nor protocol has set one, in days.
TOLERANCE_DAYS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of the table beside the chart; `after` says how long after the last treatment it was given."""

    observation: Observation
    after: str


class CoursePage:
    """A course with its scores over time, what was given, what is to come, and what the doctors decided so far."""

    def __init__(self, course: Course, measure: str = "") -> None:
        self.course = course
        self.series = course.series
        self.patient = course.series.patient
        self.zone: ZoneInfo = course.series.site.zone
        self.wanted = measure

    @cached_property
    def _scores(self) -> dict[Measure, list[Observation]]:
        found: dict[Measure, list[Observation]] = {}
        values = Observation.objects.filter(patient=self.patient, measure__in=SCORES).order_by("effective_at")
        for value in values:
            found.setdefault(Measure(value.measure), []).append(value)
        return found

    @property
    def measure(self) -> Measure:
        """The score shown: the one asked for, else the one with the most values."""
        if self.wanted in self._scores:
            return Measure(self.wanted)
        return max(SCORES, key=lambda one: len(self._scores.get(one, [])))

    @property
    def measures(self) -> list[tuple[str, str, bool]]:
        """(word, label, whether it is the one shown) of each score with values."""
        return [(one.value, str(one.label), one == self.measure) for one in SCORES if one in self._scores]

    @cached_property
    def visits(self) -> list[Appointment]:
        """Every visit of the course, in order of time, cancelled ones too."""
        return list(self.series.appointments.select_related("ride").order_by("starts"))

    @property
    def treated(self) -> list[Appointment]:
        """The visits that count: a dose was given."""
        return [visit for visit in self.visits if visit.counts]

    @property
    def to_come(self) -> list[Appointment]:
        """The visits booked or held from now on."""
        now = clock.now()
        return [visit for visit in self.visits if visit.status in Appointment.BLOCKING and visit.ends > now]

    @cached_property
    def chart(self) -> Chart | None:
        """The curve; None where nothing was scored yet."""
        return draw(self.measure, self._scores.get(self.measure, []), self.treated, self.zone)

    @property
    def table(self) -> list[Reading]:
        """The same values as rows, newest first."""
        return [Reading(value, self._after(value)) for value in reversed(self._scores.get(self.measure, []))]

    def _after(self, value: Observation) -> str:
        before = [visit for visit in self.treated if visit.starts <= value.effective_at]
        if not before:
            return "before the first treatment"
        day = clock.local(value.effective_at, self.zone).date() - clock.local(before[-1].starts, self.zone).date()
        name = f"{before[-1].get_kind_display()} {before[-1].number}"
        if day < timedelta(days=1):
            return f"the day of {name}"
        return f"1 day after {name}" if day.days == 1 else f"{day.days} days after {name}"

    @cached_property
    def plans(self) -> list[BoosterPlan]:
        """The intervals that doctors set, newest first."""
        return list(BoosterPlan.objects.filter(series=self.series).select_related("set_by").order_by("-set_at"))

    @property
    def now(self) -> BoosterPlan | None:
        """The interval that holds."""
        return self.plans[0] if self.plans else None

    @property
    def proposal(self) -> dict[str, object]:
        """What the form starts with: the interval that holds, else what the protocol begins with."""
        version = self.series.protocol_version
        if self.now is not None:
            return {"interval_days": self.now.interval_days, "tolerance_days": self.now.tolerance_days}
        return {
            "interval_days": version.booster_interval_days,
            "tolerance_days": version.booster_tolerance_days or TOLERANCE_DAYS,
        }
