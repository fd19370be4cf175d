"""The curve of one score over time as plain geometry: the template writes it into SVG attributes, so that no style is
inline.

The page carries the same values as a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import formats

from clinic import clock
from patients.models import RANGES, Measure, Observation, OtherTreatment
from scheduling.models import Appointment
from scheduling.relief import Response, Rule

#: The drawing's size and margins, in SVG units.
WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 16, 32
#: How many grid lines the scale has, from its lowest to its highest value.
STEPS = 5
#: How many dates stand below it at most.
DATES = 6
#: How high the line of another treatment is, and how far the next one lies below it.
BAR, BAR_STEP = 10, 18


@dataclass(frozen=True, slots=True)
class Point:
    """One value at its place; `words` for the tooltip and the screen reader."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale or a date below it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Another treatment on the same time line, from `x` on; `words` say what and when."""

    x: float
    y: float
    width: float
    name: str
    words: str
    height: int = BAR


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the drawing needs. `line` is the value of a polyline's `points`; `baseline` and `back` (where
    relief ends) are heights, None without a baseline.
    """

    title: str
    line: str
    points: list[Point]
    visits: list[Point]
    boosters: list[Point]
    scale: list[Tick]
    dates: list[Tick]
    bars: list[Bar]
    baseline: float | None
    back: float | None
    height: int = HEIGHT
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    dates_at: int = HEIGHT - 8


@dataclass(frozen=True, slots=True)
class _Frame:
    """Turns moments and values into places."""

    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, moment: datetime) -> float:
        """From the left margin to the right one; the middle where there is only one moment."""
        span = (self.last - self.first).total_seconds()
        share = (moment - self.first).total_seconds() / span if span else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """From the bottom up."""
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def draw(
    measure: Measure,
    values: Sequence[Observation],
    treated: Sequence[Appointment],
    zone: ZoneInfo,
    *,
    response: Response | None = None,
    rule: Rule | None = None,
    others: Sequence[OtherTreatment] = (),
) -> Chart | None:
    """The chart of `values` (one measure, in order of time) with the treated visits marked; None without a value.

    The scale is the whole range of the instrument, so that a small change does not look like a large one. Dates are
    those of `zone`. `others` lie below on the same time line, as far as they fall into its dates.
    """
    if not values:
        return None
    moments = [value.effective_at for value in values] + [visit.starts for visit in treated]
    low, high = RANGES[measure]
    frame = _Frame(min(moments), max(moments), low, high)
    points = [
        Point(
            frame.x(value.effective_at),
            frame.y(float(value.value)),
            f"{_date(value.effective_at, zone)}: {value.value.normalize():f}",
        )
        for value in values
    ]
    bars = _bars(frame, others, zone)
    baseline = response.baseline if response is not None else None
    return Chart(
        title=f"{measure.label}, {_date(frame.first, zone)} to {_date(frame.last, zone)}",
        line=" ".join(f"{point.x},{point.y}" for point in points),
        points=points,
        visits=[_mark(frame, visit, zone) for visit in treated if visit.kind == Appointment.Kind.INFUSION],
        boosters=[_mark(frame, visit, zone) for visit in treated if visit.kind == Appointment.Kind.BOOSTER],
        scale=[Tick(frame.y(level), f"{level:g}") for level in _levels(low, high)],
        dates=_dates(frame, zone),
        bars=bars,
        baseline=frame.y(baseline) if baseline is not None else None,
        back=frame.y(baseline * rule.return_percent / 100) if baseline is not None and rule is not None else None,
        height=HEIGHT + BAR_STEP * len(bars),
    )


def _bars(frame: _Frame, others: Sequence[OtherTreatment], zone: ZoneInfo) -> list[Bar]:
    """One below the other, each from its first day to its last, or to the end of the drawing."""
    begin, end = clock.local(frame.first, zone).date(), clock.local(frame.last, zone).date()
    shown = [one for one in others if one.since <= end and (one.until is None or one.until >= begin)]
    bars = []
    for number, one in enumerate(shown):
        left = frame.x(max(frame.first, clock.day_bounds(one.since, zone)[0]))
        right = frame.x(min(frame.last, clock.day_bounds(one.until, zone)[1]) if one.until else frame.last)
        until = f" to {formats.date_format(one.until, 'F j, Y')}" if one.until else ", goes on"
        words = f"{one.name} ({one.get_kind_display()}), since {formats.date_format(one.since, 'F j, Y')}{until}"
        bars.append(Bar(left, HEIGHT + BAR_STEP * number, max(2.0, round(right - left, 1)), one.name, words))
    return bars


def _mark(frame: _Frame, visit: Appointment, zone: ZoneInfo) -> Point:
    return Point(frame.x(visit.starts), TOP, f"{visit.get_kind_display()} {visit.number}, {_date(visit.starts, zone)}")


def _levels(low: int, high: int) -> list[float]:
    return [low + (high - low) * step / STEPS for step in range(STEPS + 1)]


def _dates(frame: _Frame, zone: ZoneInfo) -> list[Tick]:
    """Dates at even distances; one where everything lies on one day."""
    if clock.local(frame.first, zone).date() == clock.local(frame.last, zone).date():
        return [Tick(frame.x(frame.first), _short(clock.local(frame.first, zone).date()))]
    span = (frame.last - frame.first) / (DATES - 1)
    moments = [frame.first + span * number for number in range(DATES)]
    return [Tick(frame.x(moment), _short(clock.local(moment, zone).date())) for moment in moments]


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return formats.date_format(clock.local(moment, zone).date(), "F j, Y")


def _short(day: date) -> str:
    return formats.date_format(day, "M j")
