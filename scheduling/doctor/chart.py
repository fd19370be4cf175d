"""The curve of one score over time: what was scored, what was given and what else went on, as a specification for Vega.

The page carries the same values as a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.safestring import SafeString

from clinic import clock
from patients.models import RANGES, Measure, Observation, OtherTreatment
from scheduling import plots
from scheduling.models import Appointment
from scheduling.relief import Response, Rule
from scheduling.when import FAR_DAYS

#: The size of the drawing's plane, in SVG units, and of the line of another treatment below it.
WIDTH, HEIGHT, BAR, BAR_STEP = 680, 192, 10, 18
#: How many parts the scale has from its lowest to its highest value, and how many dates stand below it.
STEPS, DATES = 5, 6
#: Squares of the diameters of a treatment's mark and of a score's dot.
MARK, DOT = 64, 36
#: Colours on paper; in a page those of the stylesheet outweigh them.
ACCENT, GIVEN, BOOSTER, QUIET, BACK = "#3451b2", "#146c43", "#8a3b00", "#5b6376", "#a3121f"
#: What the marks mean, where no legend stands beside them.
LEGEND = "Dots are infusions, squares boosters; the solid line is the baseline, and relief ends at the broken one."

_Layer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn (`spec`), and the same in numbers and words. `others` are the other treatments drawn, in order."""

    title: str
    points: int
    visits: int
    boosters: int
    others: list[str]
    has_baseline: bool
    spec: dict[str, Any]

    @property
    def svg(self) -> SafeString:
        """The drawing in a page."""
        return plots.drawn(self.spec)

    @property
    def picture(self) -> bytes:
        """The drawing on paper, as a PNG."""
        return plots.picture(self.spec)


@dataclass(frozen=True, slots=True)
class _Frame:
    """From when to when the drawing goes (aware), in whose zone, and what its scale spans."""

    first: datetime
    last: datetime
    zone: ZoneInfo
    low: int
    high: int

    def at(self, moment: datetime) -> int:
        """Where a moment lies on the axis of time."""
        return plots.moment(moment, self.zone)

    @property
    def x(self) -> dict[str, Any]:
        """The axis of time, with dates at even distances; one where everything lies on one day."""
        begin, end = self.at(self.first), self.at(self.last)
        ticks = [begin + (end - begin) * number // (DATES - 1) for number in range(DATES)]
        if _day(self.first, self.zone) == _day(self.last, self.zone):
            ticks = ticks[:1]
        is_long = self.last - self.first > timedelta(days=FAR_DAYS)
        return {
            "field": "at",
            "type": "temporal",
            "scale": {"type": "utc", "nice": False, "domain": [begin, end]},
            "axis": {"format": "%b %Y" if is_long else "%b %-d", "grid": False, "values": ticks, "labelPadding": 10},
        }

    @property
    def y(self) -> dict[str, Any]:
        """The whole range of the instrument, so that a small change does not look like a large one."""
        levels = [self.low + (self.high - self.low) * step / STEPS for step in range(STEPS + 1)]
        return {
            "field": "value",
            "type": "quantitative",
            "scale": {"nice": False, "domain": [self.low, self.high]},
            "axis": {"values": levels},
        }


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

    Dates are those of `zone`. `others` lie below on the same time line, as far as they fall into its dates.
    """
    if not values:
        return None
    moments = [value.effective_at for value in values] + [visit.starts for visit in treated]
    frame = _Frame(min(moments), max(moments), zone, *RANGES[measure])
    infusions = [_mark(frame, visit) for visit in treated if visit.kind == Appointment.Kind.INFUSION]
    boosters = [_mark(frame, visit) for visit in treated if visit.kind == Appointment.Kind.BOOSTER]
    baseline = response.baseline if response is not None else None
    bars = _bars(frame, others)
    layers = [
        _layer("given", [*infusions, *boosters], {**_rule(GIVEN, 3, 3), "aria": False}, x=frame.x),
        *_levels(frame, baseline, rule),
        *_curve(frame, values),
        _layer("infusions", infusions, _symbol("circle", MARK, GIVEN), x=frame.x, y={"value": HEIGHT}),
        _layer("boosters", boosters, _symbol("square", MARK, BOOSTER), x=frame.x, y={"value": HEIGHT}),
    ]
    # A layer without marks would be a symbol without a name.
    plane = {"width": WIDTH, "height": HEIGHT, "layer": [one for one in layers if one["data"]["values"]]}
    return Chart(
        title=f"{measure.label}, {_date(frame.first, zone)} to {_date(frame.last, zone)}",
        points=len(values),
        visits=len(infusions),
        boosters=len(boosters),
        others=[bar["words"] for bar in bars],
        has_baseline=baseline is not None,
        spec={"spacing": 8, "vconcat": [plane, *([_below(frame, bars)] if bars else [])]},
    )


def _layer(name: str, rows: Sequence[dict[str, Any]], mark: dict[str, Any], **encoding: dict[str, Any]) -> _Layer:
    """Marks of one kind; `name` is their class in the stylesheet, the words of a row its mark's name."""
    return {
        "name": name,
        "data": {"values": list(rows)},
        "mark": mark,
        "encoding": {**encoding, "description": {"field": "words"}},
    }


def _symbol(shape: str, size: int, color: str) -> dict[str, Any]:
    return {"type": "point", "shape": shape, "size": size, "color": color, "filled": True, "opacity": 1}


def _rule(color: str, *dash: int) -> dict[str, Any]:
    return {"type": "rule", "color": color, "strokeDash": list(dash)}


def _curve(frame: _Frame, values: Sequence[Observation]) -> list[_Layer]:
    """The line through the scores, and a dot for each."""
    rows = [
        {
            "at": frame.at(one.effective_at),
            "value": float(one.value),
            "words": f"{_date(one.effective_at, frame.zone)}: {one.value.normalize():f}",
        }
        for one in values
    ]
    return [
        _layer("line", rows, {"type": "line", "color": ACCENT, "aria": False}, x=frame.x, y=frame.y),
        _layer("scores", rows, _symbol("circle", DOT, ACCENT), x=frame.x, y=frame.y),
    ]


def _levels(frame: _Frame, baseline: float | None, rule: Rule | None) -> list[_Layer]:
    """The baseline, and where relief ends; none without a baseline."""
    found = []
    if baseline is not None:
        found.append(("baseline", baseline, f"Baseline {baseline:g}", _rule(QUIET)))
        if rule is not None:
            end = baseline * rule.return_percent / 100
            found.append(("back", end, "Relief ends here", _rule(BACK, 6, 4)))
    return [_layer(name, [{"value": value, "words": words}], mark, y=frame.y) for name, value, words, mark in found]


def _bars(frame: _Frame, others: Sequence[OtherTreatment]) -> list[dict[str, Any]]:
    """The other treatments that fall into the drawing, each from its first day to its last, or to its end."""
    begin, end = _day(frame.first, frame.zone), _day(frame.last, frame.zone)
    shown = [one for one in others if one.since <= end and (one.until is None or one.until >= begin)]
    rows = []
    for number, one in enumerate(shown, start=1):
        left = max(frame.first, clock.day_bounds(one.since, frame.zone)[0])
        right = min(frame.last, clock.day_bounds(one.until, frame.zone)[1]) if one.until else frame.last
        since = formats.date_format(one.since, "F j, Y")
        when = (
            f"from {since} until {formats.date_format(one.until, 'F j, Y')}" if one.until else f"since {since}, goes on"
        )
        words = f"{one.name} ({one.get_kind_display()}), {when}"
        rows.append({"number": number, "at": frame.at(left), "until": frame.at(right), "words": words})
    return rows


def _below(frame: _Frame, bars: Sequence[dict[str, Any]]) -> _Layer:
    """The other treatments on the same time line, one below the other, by their numbers."""
    mark = {"type": "bar", "color": QUIET, "height": BAR, "cornerRadius": 3}
    number = {"field": "number", "type": "ordinal", "axis": {"labelAngle": 0}}
    view = _layer("others", bars, mark, x={**frame.x, "axis": None}, x2={"field": "until"}, y=number)
    return {**view, "width": WIDTH, "height": {"step": BAR_STEP}}


def _mark(frame: _Frame, visit: Appointment) -> dict[str, Any]:
    words = f"{visit.get_kind_display()} {visit.number}, {_date(visit.starts, frame.zone)}"
    return {"at": frame.at(visit.starts), "words": words}


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return clock.local(moment, zone).date()


def _date(moment: datetime, zone: ZoneInfo) -> str:
    return formats.date_format(_day(moment, zone), "F j, Y")
