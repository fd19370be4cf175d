"""Protocols: added, changed as versions, put out of use. What is booked keeps the version it was booked with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from scheduling.actions.cover import lock_sites
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.actions.setup.sites import save_checked
from scheduling.messages import reminders
from scheduling.models import (
    Appointment,
    LadderStep,
    Phase,
    PhaseNeed,
    Protocol,
    ProtocolText,
    ProtocolVersion,
    Series,
)
from scheduling.selectors import changes

#: Columns of a version that are no content of it.
NO_CONTENT = frozenset({"id", "protocol", "number", "is_current", "created_at", "created_by"})
TEXTS = ("preparation", "medicines", "bring", "aftercare", "watch_for")
#: A rung of the ladder: kind, days, local time (None: as early as messages may go out), also when visits are close.
Rung = tuple[str, int, time | None, bool]
#: What a booking counts in: a phase lasts whole cells.
STEP = clock.CELL_MINUTES


@dataclass(frozen=True, slots=True)
class NeedDraft:
    """A need of a phase, of PhaseNeed's kinds and lanes."""

    kind: str
    lane: str
    units: int = 1
    alone: bool = False


@dataclass(frozen=True, slots=True)
class PhaseDraft:
    """A phase: what it is, how long (minutes), what it needs."""

    kind: str
    minutes: int
    needs: tuple[NeedDraft, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a version says: its columns by name, its phases in order, its texts by language (each with TEXTS), and
    its ladder of messages; an empty one is the usual one.
    """

    fields: Mapping[str, Any]
    phases: tuple[PhaseDraft, ...]
    texts: Mapping[str, Mapping[str, str]]
    ladder: tuple[Rung, ...] = ()


def content_fields() -> list[str]:
    """Names of the columns in which a version says something."""
    return [one.name for one in ProtocolVersion._meta.concrete_fields if one.name not in NO_CONTENT]


def draft_of(version: ProtocolVersion) -> Draft:
    """What a version says."""
    texts = {text.language: {name: getattr(text, name) for name in TEXTS} for text in version.texts.all()}
    ladder = version.ladder.values_list("kind", "days", "send_at", "when_close")
    return Draft(
        {name: getattr(version, name) for name in content_fields()},
        drafts_of(version.phases.prefetch_related("needs")),
        {language: words for language, words in texts.items() if any(words.values())},
        in_order(ladder),
    )


def in_order(ladder: Iterable[Rung]) -> tuple[Rung, ...]:
    """The rungs in the order in which they are kept, to be compared."""
    return tuple(sorted(ladder, key=lambda rung: rung[:2]))


#: The ladder of a protocol that has none of its own.
USUAL = in_order((step.kind.value, step.days, step.send_at, step.when_close) for step in reminders.USUAL)


def drafts_of(phases: Iterable[Phase]) -> tuple[PhaseDraft, ...]:
    """What phases say, in their order. Needs `needs` prefetched."""
    return tuple(
        PhaseDraft(
            phase.kind,
            phase.minutes,
            tuple(sorted((_need(need) for need in phase.needs.all()), key=lambda one: (one.kind, one.lane))),
        )
        for phase in phases
    )


def _need(need: PhaseNeed) -> NeedDraft:
    return NeedDraft(need.kind, need.lane, need.units, need.alone)


@action
def add_protocol(*, by: Actor, name: str, kind: str, sites: Sequence[Site], draft: Draft) -> ProtocolVersion:
    """A new protocol, offered at these sites, with its first version.

    Raises:
        Refused: the name is taken, or the draft makes no visit.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    lock_sites(list(sites))
    protocol = Protocol(name=name.strip(), kind=kind)
    save_checked(protocol)
    protocol.sites.set(sites)
    version = ProtocolVersion(protocol=protocol, number=1, created_at=clock.now(), created_by=by.staff_member)
    write(version, draft)
    return version


@action
def change_protocol(
    *,
    by: Actor,
    protocol: Protocol,
    name: str,
    sites: Sequence[Site],
    is_active: bool,
    draft: Draft,
    sites_in_view: Sequence[Site],
    seen: int | None = None,
) -> ProtocolVersion:
    """What a protocol says from now on. A version that something was booked with is never changed: a new one is made,
    and new bookings use that. Sites outside of `sites_in_view` stay as they are.

    Returns the current version.

    Raises:
        ChangedMeanwhile: somebody else changed the protocol since `seen` (the mark of `changes.protocol`).
        Refused: as `add_protocol`.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    hidden = list(protocol.sites.exclude(pk__in=[site.pk for site in sites_in_view]))
    wanted = [*sites, *hidden]
    # Nobody books with the version meanwhile: booking shares the lock of its site.
    lock_sites(sorted({*wanted, *protocol.sites.all()}, key=lambda site: site.pk))
    check_unchanged(changes.protocol(protocol), seen)
    fresh = Protocol.objects.get(pk=protocol.pk)
    fresh.name, fresh.is_active = name.strip(), is_active
    save_checked(fresh)
    fresh.sites.set(wanted)
    current = ProtocolVersion.objects.filter(protocol=fresh, is_current=True).first()
    if current is not None and _same(draft_of(current), draft):
        return current
    if current is None or in_use(current):
        newest = fresh.versions.order_by("-number").first()
        fresh.versions.filter(is_current=True).update(is_current=False)
        current = ProtocolVersion(protocol=fresh, number=newest.number + 1 if newest is not None else 1)
    current.created_at, current.created_by = clock.now(), by.staff_member
    write(current, draft)
    return current


def in_use(version: ProtocolVersion) -> bool:
    """Whether anything was ever booked with the version."""
    return (
        Series.objects.filter(protocol_version=version).exists()
        or Appointment.objects.filter(protocol_version=version).exists()
    )


def _same(one: Draft, other: Draft) -> bool:
    return (one.phases, one.ladder, one.texts) == (other.phases, other.ladder, other.texts) and all(
        one.fields.get(name) == value for name, value in other.fields.items()
    )


def write(version: ProtocolVersion, draft: Draft) -> None:
    """The version as the draft says; whatever it said before is replaced. Inside an action, or where a preview is taken
    back. Raises Refused for a draft that makes no visit.
    """
    _check(version.protocol, draft)
    for name, value in draft.fields.items():
        setattr(version, name, value)
    save_checked(version)
    version.phases.all().delete()
    for position, phase in enumerate(draft.phases):
        row = Phase.objects.create(version=version, position=position, kind=phase.kind, minutes=phase.minutes)
        for need in phase.needs:
            save_checked(PhaseNeed(phase=row, kind=need.kind, lane=need.lane, units=need.units, alone=need.alone))
    version.texts.all().delete()
    ProtocolText.objects.bulk_create(
        ProtocolText(version=version, language=language, **words)
        for language, words in draft.texts.items()
        if any(words.values())
    )
    version.ladder.all().delete()
    LadderStep.objects.bulk_create(
        LadderStep(version=version, kind=kind, days=days, send_at=at, when_close=close)
        for kind, days, at, close in draft.ladder
    )


def _check(protocol: Protocol, draft: Draft) -> None:
    if not draft.phases:
        raise Refused("A visit has at least one phase: say what happens and how long it takes. Nothing was saved.")
    crooked = [phase for phase in draft.phases if phase.minutes % STEP]
    if crooked:
        raise Refused(f"A phase lasts a multiple of {STEP} minutes; {crooked[0].minutes} is none. Nothing was saved.")
    kinds = {need.kind for phase in draft.phases for need in phase.needs}
    if protocol.kind == Protocol.Kind.CONSULT and PhaseNeed.Kind.DOCTOR not in kinds:
        raise Refused("A consult needs a doctor: choose one in its phase. Nothing was saved.")
    if protocol.kind == Protocol.Kind.INFUSION and PhaseNeed.Kind.CHAIR not in kinds:
        raise Refused("The patient needs a chair in at least one phase. Nothing was saved.")
    repeated = {rung[:2] for rung in draft.ladder if [one[:2] for one in draft.ladder].count(rung[:2]) > 1}
    if repeated:
        raise Refused("Two messages of the same kind on the same day: take one away. Nothing was saved.")
