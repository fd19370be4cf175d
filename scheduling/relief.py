"""Days of relief per treatment, and the interval that they suggest. Pure: values and moments in, figures out.

The rule, in the words of the doctor's page:

1. **Baseline**: the median of the scores of the `baseline_days` days before the first treatment; where there is none,
   the last score before it, however old. Without either nothing is worked out.
2. **Relief** begins with the first score after a treatment that is at least `drop_percent` below the baseline. 30 % is
   what patients call "much improved" on a 0-10 pain scale (Farrar et al. 2001, doi 10.1016/S0304-3959(01)00349-9) and a
   moderate improvement by IMMPACT (Dworkin et al. 2008, doi 10.1016/j.jpain.2007.09.005).
3. It **ends** where the score is back at `return_percent` of the baseline: on the straight line between the last score
   below that and the first one at or above it. Days are counted from the treatment, whole ones, rounded down. The share
   lies above the first one, so that one bad day at the edge ends nothing. It is no published figure: a site sets both.
4. **Censored**: the next treatment came first, or the scores end. Then relief lasted *at least* until the last score
   before that, and no more is claimed.

A worked example (tests/scheduling/test_relief.py has it, and more): baseline 8, so relief is 5.6 or less and ends at
6.4. Scores after the infusion: day 1: 4, day 10: 4, day 20: 6, day 28: 7. The line from 6 to 7 passes 6.4 after 0.4 of
8 days, so relief lasted 23 days.

The suggestion: whole weeks that fit into the shortest of the newest reliefs seen to their end, so that the next booster
comes "a little before the effect is expected to wear off" (Andrade 2017, doi 10.4088/JCP.17f11738).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

#: So many reliefs seen to their end are needed for a suggestion, and so many of the newest are looked at.
ENOUGH, NEWEST = 3, 6
WEEK = 7


class Outcome(StrEnum):
    """How the relief of one treatment went."""

    RETURNED = "returned"
    NEXT_CAME = "next came"
    LASTS = "lasts"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Score:
    """One value of the score at one moment (aware)."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The shares of the baseline, in per cent, and how many days before the first treatment make it."""

    drop_percent: int = 30
    return_percent: int = 80
    baseline_days: int = 28


@dataclass(frozen=True, slots=True)
class Relief:
    """What one treatment did. `days` is exact where the score came back, a least figure where it is censored, 0 where
    the score did not fall enough, and None where nothing was scored; `lowest` is the best score after it.
    """

    given_at: datetime
    outcome: Outcome
    days: int | None
    lowest: float | None

    @property
    def is_censored(self) -> bool:
        """Whether it lasted at least so long, and how long nobody saw."""
        return self.outcome in {Outcome.NEXT_CAME, Outcome.LASTS}


@dataclass(frozen=True, slots=True)
class Response:
    """The baseline of a course and the relief of each of its treatments, in order of time."""

    baseline: float | None
    reliefs: tuple[Relief, ...]

    @property
    def ended(self) -> list[Relief]:
        """The newest reliefs that were seen to their end, in order of time."""
        return [one for one in self.reliefs if one.outcome == Outcome.RETURNED][-NEWEST:]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the curve suggests: an interval in days (None: nothing), and a sentence with the data behind it."""

    interval_days: int | None
    words: str


def response_of(scores: Sequence[Score], treatments: Sequence[datetime], rule: Rule) -> Response:
    """The relief after each of `treatments`; both sequences in order of time."""
    if not treatments:
        return Response(None, ())
    baseline = _baseline(scores, treatments[0], rule)
    following = [*treatments[1:], None]
    return Response(
        baseline,
        tuple(
            _relief(scores, given, after, baseline, rule) for given, after in zip(treatments, following, strict=True)
        ),
    )


def _baseline(scores: Sequence[Score], first: datetime, rule: Rule) -> float | None:
    before = [one for one in scores if one.at <= first]
    recent = [one.value for one in before if one.at >= first - timedelta(days=rule.baseline_days)]
    if recent:
        return float(median(recent))
    return before[-1].value if before else None


def _relief(
    scores: Sequence[Score], given: datetime, following: datetime | None, baseline: float | None, rule: Rule
) -> Relief:
    after = [one for one in scores if one.at > given and (following is None or one.at <= following)]
    lowest = min((one.value for one in after), default=None)
    if not after or not baseline:
        return Relief(given, Outcome.UNKNOWN, None, lowest)
    enough, back = baseline * (100 - rule.drop_percent) / 100, baseline * rule.return_percent / 100
    begun = next((number for number, one in enumerate(after) if one.value <= enough), None)
    if begun is None:
        return Relief(given, Outcome.NONE, 0, lowest)
    for number in range(begun + 1, len(after)):
        if after[number].value >= back:
            return Relief(given, Outcome.RETURNED, _crossing(after[number - 1], after[number], back, given), lowest)
    outcome = Outcome.LASTS if following is None else Outcome.NEXT_CAME
    return Relief(given, outcome, (after[-1].at - given).days, lowest)


def _crossing(below: Score, above: Score, level: float, given: datetime) -> int:
    """Whole days from the treatment to where the line between two scores passes `level`."""
    share = (level - below.value) / (above.value - below.value)
    return (below.at + (above.at - below.at) * share - given).days


def suggest(response: Response, least_days: int) -> Suggestion:
    """The interval in whole weeks that keeps ahead of the relief; none under ENOUGH reliefs seen to their end, nor
    where it would be shorter than `least_days` (the protocol's smallest gap, a week at least).
    """
    ended = response.ended
    if len(ended) < ENOUGH:
        seen = f"{len(ended)} of {len(response.reliefs)} reliefs" if response.reliefs else "no relief"
        return Suggestion(None, f"Not enough to suggest: {seen} seen to the end, {ENOUGH} are needed.")
    days = [one.days or 0 for one in ended]
    lasted = listed([str(one) for one in days])
    weeks = min(days) // WEEK
    if weeks * WEEK < max(least_days, WEEK):
        return Suggestion(None, f"Relief lasted {lasted} days: too short for any interval to keep ahead of it.")
    every = "every week" if weeks == 1 else f"every {weeks} weeks"
    return Suggestion(weeks * WEEK, f"Relief lasted {lasted} days: {every} keeps ahead of it.")


def listed(parts: Sequence[str]) -> str:
    """ "24, 27 and 25"; one alone as it is."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
