"""What a drill found: each promise with what was measured, as a table and as a file."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise of a scenario: its words, what was measured (`value`, in `unit`), what it must be, and whether it is.

    `note` says what the measuring consisted of: how many kills, how many messages.
    """

    scenario: str
    promise: str
    value: float
    unit: str
    target: str
    ok: bool
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """What `--json` writes of it."""
        return {
            "scenario": self.scenario,
            "promise": self.promise,
            "value": round(self.value, 3),
            "unit": self.unit,
            "target": self.target,
            "ok": self.ok,
            "note": self.note,
        }


def none_of(scenario: str, promise: str, bad: int, of: str, note: str = "") -> Finding:
    """A promise that something happens not once: `bad` times it did, counted in `of`."""
    return Finding(scenario, promise, bad, of, "0", bad == 0, note)


def all_of(scenario: str, promise: str, done: int, wanted: int, unit: str, note: str = "") -> Finding:
    """A promise that something holds for each of `wanted`: it did for `done`."""
    return Finding(scenario, promise, done, unit, f"{wanted:,}", done == wanted, note)


def at_most(scenario: str, promise: str, value: float, limit: float, unit: str, note: str = "") -> Finding:
    """A promise that a figure stays at or under `limit`."""
    return Finding(scenario, promise, value, unit, f"<= {limit:g}", value <= limit, note)


def at_least(scenario: str, promise: str, value: float, limit: float, unit: str, note: str = "") -> Finding:
    """A promise that a figure reaches `limit`."""
    return Finding(scenario, promise, value, unit, f">= {limit:g}", value >= limit, note)


def table(findings: Sequence[Finding]) -> str:
    """All findings as Markdown, so that what is printed can stand in docs/reliability.md as it is."""
    rows = [("scenario", "promise", "measured", "target", "", "made of")]
    for one in findings:
        measured = f"{_number(one.value)} {one.unit}".strip()
        verdict = "kept" if one.ok else "**BROKEN**"
        rows.append((f"`{one.scenario}`", one.promise, measured, one.target, verdict, one.note))
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def write_json(findings: Iterable[Finding], path: Path) -> None:
    """The list of findings as a file."""
    path.write_text(json.dumps([one.as_json() for one in findings], indent=2) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
