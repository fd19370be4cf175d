"""What the booster page shows about one course, gathered once."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import cached_property

from clinic import clock
from patients.models import SCORES, Measure, Observation, OtherTreatment
from scheduling.doctor.chart import Chart, draw
from scheduling.doctor.facts import VisitFacts, facts_of
from scheduling.models import Appointment, BoosterPlan, ProposedBooster
from scheduling.relief import Outcome, Relief, Response, Suggestion
from scheduling.selectors import response
from scheduling.selectors.alerts import BareTotal, bare_total_of
from scheduling.selectors.courses import Course

#: The tolerance that the form starts with where neither doctor nor protocol has set one, in days.
TOLERANCE_DAYS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of the table beside the chart; `after` says how long after the last treatment it was given."""

    observation: Observation
    after: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """One treatment of the course: what was measured and given then, and the relief that followed, in words."""

    visit: Appointment
    facts: VisitFacts
    relief: str
    is_censored: bool


class CoursePage:
    """A course with its scores over time, what was given, what is to come, and what the doctors decided so far."""

    def __init__(self, course: Course, measure: str = "") -> None:
        self.course = course
        self.series = course.series
        self.patient = course.series.patient
        self.zone: ZoneInfo = course.series.site.zone
        self.wanted = measure

    @cached_property
    def _scores(self) -> response.Scores:
        return response.scores_of(self.series)

    @cached_property
    def measure(self) -> Measure:
        """The score shown: the one asked for, else the one with the most values."""
        if self.wanted in self._scores:
            return Measure(self.wanted)
        return response.main_measure(self._scores)

    @property
    def measures(self) -> list[tuple[str, str, bool]]:
        """(word, label, whether it is the one shown) of each score with values."""
        return [(one.value, str(one.label), one == self.measure) for one in SCORES if one in self._scores]

    @cached_property
    def visits(self) -> list[Appointment]:
        """Every visit of the course, in order of time, cancelled ones too."""
        return list(self.series.appointments.select_related("ride").order_by("starts"))

    @cached_property
    def treated(self) -> list[Appointment]:
        """The visits that count: a dose was given."""
        return [visit for visit in self.visits if visit.counts]

    @property
    def to_come(self) -> list[Appointment]:
        """The visits booked or held from now on."""
        now = clock.now()
        return [visit for visit in self.visits if visit.status in Appointment.BLOCKING and visit.ends > now]

    @property
    def dates_ahead(self) -> list[ProposedBooster]:
        """Dates that the patient is offered, or that the next nights will offer, at a site that does that."""
        if not self.series.site.offers_boosters:
            return []
        ahead = self.series.proposed_boosters.filter(status__in=ProposedBooster.OPEN, starts__gt=clock.now())
        return list(ahead.order_by("starts"))

    @cached_property
    def chart(self) -> Chart | None:
        """The curve; None where nothing was scored yet."""
        return draw(
            self.measure,
            self.values,
            self.treated,
            self.zone,
            response=self.response,
            rule=response.rule_of(self.series),
            others=self.others,
        )

    @property
    def values(self) -> list[Observation]:
        """The values of the score that is shown, in order of time."""
        return self._scores.get(self.measure, [])

    @cached_property
    def bare_total(self) -> BareTotal | None:
        """A PHQ-9 of which nobody knows the answer about self-harm."""
        return bare_total_of(self.patient)

    @cached_property
    def others(self) -> list[OtherTreatment]:
        """What else the patient does or takes."""
        return list(OtherTreatment.objects.filter(patient=self.patient))

    @cached_property
    def response(self) -> Response:
        """The relief of each treatment, by the score that is shown."""
        return response.response(self.series, self.values, self.treated)

    @property
    def rule(self) -> str:
        """How relief is counted here, in a sentence."""
        rule = response.rule_of(self.series)
        return (
            f"Relief counts from the treatment, once the score is {rule.drop_percent} % below the baseline, until it "
            f"is back at {rule.return_percent} % of it."
        )

    @cached_property
    def suggestion(self) -> Suggestion:
        """What the curve suggests, with its data. It is never applied by itself."""
        return response.suggestion(self.series, self.response)

    @cached_property
    def treatments(self) -> list[Treatment]:
        """Each treatment with what was measured, felt and given then, newest first."""
        facts = facts_of(self.treated)
        pairs = zip(self.treated, self.response.reliefs, strict=True)
        rows = [Treatment(visit, facts[visit.pk], relief_words(one), one.is_censored) for visit, one in pairs]
        return rows[::-1]

    @property
    def table(self) -> list[Reading]:
        """The same values as rows, newest first."""
        return [Reading(value, self._after(value)) for value in reversed(self.values)]

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
    def history(self) -> list[tuple[BoosterPlan, str]]:
        """Each interval so far with what the curve suggested when it was set, in a sentence; empty: nothing."""
        return [(plan, str(plan.suggested.get("words", ""))) for plan in self.plans]

    @property
    def proposal(self) -> dict[str, object]:
        """What the form starts with: the interval that holds, else what the protocol begins with."""
        version = self.series.protocol_version
        if self.now is not None:
            return {
                "pattern": self.now.pattern,
                "interval_days": self.now.interval_days,
                "steps": ", ".join(map(str, self.now.steps)),
                "tolerance_days": self.now.tolerance_days,
                "ends_on": self.now.ends_on,
                "review_on": self.now.review_on,
            }
        return {
            "interval_days": version.booster_interval_days,
            "tolerance_days": version.booster_tolerance_days or TOLERANCE_DAYS,
        }


def relief_words(relief: Relief) -> str:
    """The relief of one treatment as the doctor reads it."""
    least = f"at least {_days(relief.days)}" if relief.days else "begun"
    return {
        Outcome.RETURNED: _days(relief.days or 0),
        Outcome.NEXT_CAME: f"{least}; the next treatment came first",
        Outcome.LASTS: f"{least}; not back yet",
        Outcome.NONE: "none: the score fell too little",
        Outcome.UNKNOWN: "not known: no scores before or after",
    }[relief.outcome]


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
