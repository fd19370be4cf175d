"""The clinic of the state machine: small enough to be full at once, with visits whose needs change from phase to phase.

Four chairs, two nurses who watch two each: hands and watch run out before chairs do, and watch units get scattered.
"""

from dataclasses import dataclass
from typing import Any

from clinic.actor import Actor
from clinic.permissions import Role
from scheduling.models import Protocol, ProtocolVersion
from tests.factories import Clinic, make_clinic, make_protocol
from tests.machine.truth import Kind, Part, Truth

WATCH = 2
CHAIRS = 4
#: Cells to clean the chair after each visit.
CLEANING = 2

TALK = Kind((Part(6, doctor=1),), chair=False)
INFUSION = Kind((Part(3, hands=1, watch=1), Part(6, watch=2), Part(6, watch=1)), chair=True, cleaning=CLEANING)
INJECTION = Kind((Part(2, hands=1, watch=1), Part(9, watch=1)), chair=True, cleaning=CLEANING)
#: Days between the three infusions, and from the first to the last.
SESSIONS, LEAST_GAP, MOST_GAP, WINDOW = 3, 2, 5, 10


@dataclass(frozen=True, slots=True)
class World:
    """The clinic, its protocols beside what a visit of each takes, and who acts."""

    clinic: Clinic
    talk: ProtocolVersion
    three: ProtocolVersion
    one: ProtocolVersion
    clerk: Actor
    nurse: Actor
    doctor: Actor
    manager: Actor

    def truth(self) -> Truth:
        """The truth about the clinic while nothing is booked."""
        return Truth(
            chairs=tuple(chair.pk for chair in self.clinic.chairs),
            nurses=tuple(nurse.resource_id for nurse in self.clinic.nurses),
            doctor=self.clinic.doctor.resource_id,
            watch=WATCH,
        )

    def kind_of(self, version: ProtocolVersion) -> Kind:
        """What a visit of the protocol takes."""
        return {self.talk.pk: TALK, self.three.pk: INFUSION, self.one.pk: INJECTION}[version.pk]

    def version_of(self, kind: Kind) -> ProtocolVersion:
        """The protocol of visits that take so much."""
        return next(version for version in (self.talk, self.three, self.one) if self.kind_of(version) == kind)


def make_world() -> World:
    """Write the clinic into the database."""
    clinic = make_clinic(name="Machine", chairs=CHAIRS, nurses=2, watch=WATCH)
    free: dict[str, Any] = {"needs_consent": False, "needs_ride": False, "turnover_minutes": 5 * CLEANING}
    three = free | {
        "needs_ride": True,
        "sessions": SESSIONS,
        "min_gap_days": LEAST_GAP,
        "ideal_gap_days": "2.50",
        "max_gap_days": MOST_GAP,
        "window_days": WINDOW,
    }
    talk = {"needs_ride": False, "needs_clearance": False, "needs_consent": False, "chair_kinds": []}
    return World(
        clinic=clinic,
        talk=make_protocol([clinic.site], "Machine talk", _phases(TALK), kind=Protocol.Kind.CONSULT, **talk),
        three=make_protocol([clinic.site], "Machine infusions", _phases(INFUSION), **three),
        one=make_protocol([clinic.site], "Machine injection", _phases(INJECTION), **free),
        clerk=clinic.by(Role.FRONT_DESK),
        nurse=clinic.by(Role.NURSE),
        doctor=clinic.by(Role.DOCTOR),
        manager=clinic.by(Role.MANAGER),
    )


def _phases(kind: Kind) -> list[tuple[str, int, list[tuple[str, str, int]]]]:
    """The parts as rows of the protocol."""
    names = {1: ["talk"], 2: ["prepare", "recover"], 3: ["prepare", "infuse", "recover"]}[len(kind.parts)]
    found = []
    for name, part in zip(names, kind.parts, strict=True):
        wanted = [
            ("chair", "whole", int(kind.chair)),
            ("nurse", "hands", part.hands),
            ("nurse", "watch", part.watch),
            ("doctor", "hands", part.doctor),
        ]
        found.append((name, 5 * part.cells, [need for need in wanted if need[2]]))
    return found
