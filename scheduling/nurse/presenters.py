"""What the nurse's pages show: values already in words and in the site's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from clinic import clock
from scheduling.models import Appointment, Phase, Ride
from scheduling.selectors.at_the_chair import answers_in_order, stop_of
from scheduling.selectors.gates import ride_of
from scheduling.selectors.hits import Hit
from scheduling.selectors.visits import VisitPhase, VisitRow, has_phase, reading_due
from scheduling.when import time_words

#: The columns of the day, with what an empty one says.
COLUMNS: dict[VisitPhase, tuple[str, str]] = {
    VisitPhase.EXPECTED: ("Expected", "Nobody else is expected today."),
    VisitPhase.HERE: ("Here", "Nobody is waiting."),
    VisitPhase.INFUSING: ("Under way", "No drip is running."),
    VisitPhase.RECOVERING: ("Recovering", "Nobody is recovering."),
    VisitPhase.DONE: ("Done", "No visit has ended yet."),
}
#: What the moment at which a phase should be over means, in the words before the time.
DUE: dict[VisitPhase, str] = {
    VisitPhase.EXPECTED: "from",
    VisitPhase.HERE: "from",
    VisitPhase.INFUSING: "until about",
    VisitPhase.RECOVERING: "may leave from",
    VisitPhase.DONE: "",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One visit in a column. `due` is local time in words, `step` the one next thing to do: "arrived", "open",
    "recovery", "look" (the drip is paused) or nothing. `marks` are (status word for look and colour, words) of what a
    nurse must see from afar.
    """

    row: VisitRow
    due: str
    step: str
    ride: Ride | None
    needs_ride: bool
    marks: list[tuple[str, str]]

    @property
    def visit(self) -> Appointment:
        """The visit itself."""
        return self.row.visit


@dataclass(frozen=True, slots=True)
class Column:
    """One phase of the day."""

    phase: VisitPhase
    title: str
    empty: str
    cards: list[Card]


def columns_of(rows: dict[VisitPhase, list[VisitRow]]) -> list[Column]:
    """The columns of the day, in the order in which a visit goes through them."""
    return [
        Column(phase, title, empty, [_card(row) for row in rows[phase]]) for phase, (title, empty) in COLUMNS.items()
    ]


def due_words(phase: VisitPhase, due: datetime | None, zone: ZoneInfo) -> str:
    """What the phase waits for, in words and the zone's time; empty where it waits for nothing."""
    return f"{DUE[phase]} {time_words(due, zone)}" if due is not None else ""


def _card(row: VisitRow) -> Card:
    return Card(
        row,
        due_words(row.phase, row.due, row.visit.site.zone),
        _step_of(row),
        ride_of(row.visit),
        row.visit.protocol_version.needs_ride,
        _marks_of(row),
    )


def _marks_of(row: VisitRow) -> list[tuple[str, str]]:
    """What stands out of a visit under way: stopped, paused, a reading due, what a doctor was asked or has said."""
    visit, zone = row.visit, row.visit.site.zone
    if row.phase in {VisitPhase.EXPECTED, VisitPhase.DONE}:
        return []
    questions = list(visit.questions.all())
    marks: list[tuple[str, str]] = []
    answers = answers_in_order(questions)
    if row.phase is not VisitPhase.RECOVERING and stop_of(list(visit.readings.all()), answers) is not None:
        marks.append(("failed", "reading over the limit"))
    if _is_paused(row):
        marks.append(("on-hold", "drip paused"))
    due = reading_due(visit)
    if due is not None and due <= clock.now():
        marks.append(("due", f"reading due since {time_words(due, zone)}"))
    marks += [("waiting", f"doctor asked: {one.get_about_display()}") for one in questions if not one.answer]
    if answers and answers[-1].asked_at is not None:
        marks.append((answers[-1].answer, f"doctor: {answers[-1].get_answer_display()}"))
    return marks


def _is_paused(row: VisitRow) -> bool:
    return row.phase is VisitPhase.INFUSING and any(one.until is None for one in row.visit.pauses.all())


def _step_of(row: VisitRow) -> str:
    if row.phase is VisitPhase.EXPECTED:
        return "arrived"
    if _is_paused(row):
        return "look"
    if row.phase is VisitPhase.INFUSING and has_phase(row.visit, Phase.Kind.RECOVER):
        return "recovery"
    return "" if row.phase is VisitPhase.DONE else "open"


def version_of(columns: Sequence[Column], hits: Sequence[Hit], unclosed: Sequence[Appointment]) -> str:
    """A digest of everything that the list shows: as long as it is the same, so is the list."""
    shown: list[object] = [
        (
            str(card.visit.pk),
            column.phase,
            card.due,
            card.row.late,
            card.row.chair,
            card.step,
            card.marks,
            card.ride.status if card.ride is not None else "",
            card.visit.starts,
            card.visit.ending,
        )
        for column in columns
        for card in column.cards
    ]
    shown += [(str(hit.visit.pk), hit.visit.version, hit.what, hit.until, hit.other_chairs, hit.slot) for hit in hits]
    shown += [str(visit.pk) for visit in unclosed]
    return sha256(repr(shown).encode()).hexdigest()[:16]
