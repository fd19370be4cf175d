"""Timing, and the table and file that come of it. Times are milliseconds of wall time."""

import json
import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured promise: `values` beside `floors`, in `unit`.

    `ratio` is what the target speaks of, or plain p50 / floor where the target speaks of a difference. `ok`: whether
    the target is met. `notes` are sentences printed under the line.
    """

    name: str
    title: str
    beside: str
    unit: str
    values: tuple[float, ...]
    floors: tuple[float, ...]
    ratio: float
    target: str
    ok: bool
    notes: tuple[str, ...] = ()

    @property
    def p50(self) -> float:
        """The median of what was measured."""
        return statistics.median(self.values)

    @property
    def floor(self) -> float:
        """The median of what it is measured against."""
        return statistics.median(self.floors)

    def noting(self, *sentences: str) -> "Figure":
        """The same figure with sentences printed under it."""
        return replace(self, notes=(*self.notes, *sentences))

    def as_json(self) -> dict[str, Any]:
        """What `--json` writes of it."""
        return {
            "name": self.name,
            "p50": round(self.p50, 3),
            "floor": round(self.floor, 3),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "ok": self.ok,
        }

    def lines(self) -> list[str]:
        """What is printed of it: its title, its values, its floor, and whether the target is met."""
        spread = "   ".join(f"{name} {_number(value)}" for name, value in summary(self.values).items())
        verdict = "met" if self.ok else "MISSED"
        return [
            f"{self.name}: {self.title}",
            f"    {spread} {self.unit}",
            f"    beside {_number(self.floor)} {self.unit} ({self.beside}): ratio {_number(self.ratio)},"
            f" target {self.target}: {verdict}",
            *(f"    {note}" for note in self.notes),
        ]


def at_most(
    name: str, title: str, beside: str, values: Sequence[float], floors: Sequence[float], limit: float
) -> Figure:
    """A figure in milliseconds whose median may be at most `limit` times that of its floor."""
    ratio = statistics.median(values) / statistics.median(floors)
    return Figure(name, title, beside, "ms", tuple(values), tuple(floors), ratio, f"<= {limit:g} x", ratio <= limit)


def within(name: str, title: str, beside: str, values: Sequence[float], floors: Sequence[float], most: int) -> Figure:
    """A figure in milliseconds whose median may be at most `most`."""
    p50 = statistics.median(values)
    ratio = p50 / statistics.median(floors)
    return Figure(name, title, beside, "ms", tuple(values), tuple(floors), ratio, f"<= {most} ms at p50", p50 <= most)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of `values` (not empty) do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """min, median, 95th percentile and max of `values` (not empty)."""
    return {
        "min": min(values),
        "median": statistics.median(values),
        "p95": percentile(values, 0.95),
        "max": max(values),
    }


def timed(work: Work) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def in_turn(times: int, *works: Work, warm_up: int = 2) -> list[list[float]]:
    """The times of each of `works`, called one after the other `times` times: what disturbs one disturbs all alike."""
    for _ in range(warm_up):
        for work in works:
            work()
    rounds = [[timed(work) for work in works] for _ in range(times)]
    return [list(column) for column in zip(*rounds, strict=True)]


def write_json(figures: Iterable[Figure], path: Path) -> None:
    """The list of figures as a file."""
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
