"""How a course answers: its scores, the relief of each treatment, and what that suggests. Reads only; the rule itself
is scheduling/relief.py.
"""

from collections.abc import Sequence
from typing import Any

from patients.models import SCORES, Measure, Observation
from scheduling.models import Appointment, Series
from scheduling.relief import Response, Rule, Score, Suggestion, response_of, suggest

#: Scores by measure, in order of time.
Scores = dict[Measure, list[Observation]]


def scores_of(series: Series) -> Scores:
    """Every score of the patient, in order of time. One query."""
    found: Scores = {}
    values = Observation.objects.filter(patient=series.patient_id, measure__in=SCORES).order_by("effective_at", "pk")
    for value in values:
        found.setdefault(Measure(value.measure), []).append(value)
    return found


def main_measure(scores: Scores) -> Measure:
    """The score that a course is read by: the one with the most values, pain where none has any."""
    return max(SCORES, key=lambda one: len(scores.get(one, [])))


def rule_of(series: Series) -> Rule:
    """The shares of the baseline that the series' site has set."""
    return Rule(series.site.relief_drop_percent, series.site.relief_return_percent)


def response(series: Series, values: Sequence[Observation], treated: Sequence[Appointment]) -> Response:
    """The response by one measure's `values`; both sequences in order of time."""
    scores = [Score(one.effective_at, float(one.value)) for one in values]
    return response_of(scores, [visit.starts for visit in treated], rule_of(series))


def suggestion(series: Series, found: Response) -> Suggestion:
    """The interval that the response suggests, never shorter than the protocol's smallest gap."""
    return suggest(found, series.protocol_version.min_gap_days)


def suggested_now(series: Series, measure: str = "") -> dict[str, Any]:
    """What the curve suggests at this moment, with its data, as it is kept beside a decision: {"measure", "baseline",
    "interval_days" (None: nothing), "words", "reliefs": [{"given_at", "outcome", "days"}]}. Two queries.
    """
    scores = scores_of(series)
    wanted = Measure(measure) if measure in scores else main_measure(scores)
    treated = list(series.appointments.filter(counts=True).order_by("starts"))
    found = response(series, scores.get(wanted, []), treated)
    said = suggestion(series, found)
    return {
        "measure": wanted.value,
        "baseline": found.baseline,
        "interval_days": said.interval_days,
        "words": said.words,
        "reliefs": [
            {"given_at": one.given_at.isoformat(), "outcome": one.outcome.value, "days": one.days}
            for one in found.reliefs
        ],
    }
