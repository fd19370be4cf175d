"""Which visits are covered by paid or authorised sessions, and which go over. Going over warns and never blocks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from clinic import clock
from clinic.statements import Statement
from patients.models import Authorisation
from scheduling.models import Appointment


@dataclass(slots=True)
class Cover:
    """One authorisation, and how many of its sessions were given (`used`) and are booked (`planned`)."""

    authorisation: Authorisation
    used: int = 0
    planned: int = 0

    @property
    def left(self) -> int:
        """Sessions that no visit takes yet."""
        return self.authorisation.sessions - self.used - self.planned

    def covers(self, day: date) -> bool:
        """Whether it still has a session for a visit on that local day."""
        one = self.authorisation
        return self.left > 0 and one.valid_from <= day and (one.valid_until is None or day <= one.valid_until)


@dataclass(slots=True)
class Sessions:
    """One patient's authorisations, and the visits to come that none of them covers, soonest first."""

    covers: list[Cover] = field(default_factory=list)
    over: list[Appointment] = field(default_factory=list)

    @property
    def last_day(self) -> date | None:
        """The last day that any of them covers; None where one has no end, or there is none."""
        ends = [cover.authorisation.valid_until for cover in self.covers]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None


def sessions_for(patient: UUID) -> Sessions:
    """One patient's, as `sessions_of` says. Two queries, one where nothing is paid or authorised."""
    return _counted(_AUTHORISED.instances(Authorisation, patient)).get(patient, Sessions())


def sessions_of(patients: Collection[UUID]) -> dict[UUID, Sessions]:
    """The sessions of those patients who have any paid or authorised. Two queries.

    Every infusion and booster that counted, or is held, booked or under way, takes a session of the authorisation that
    ends first among those that cover its day (local date of its site): so the fewest visits go over.
    """
    return _counted(_authorised(*patients))


def _authorised(*patients: UUID) -> QuerySet[Authorisation]:
    return Authorisation.objects.filter(patient__in=patients, withdrawn_at=None)


_AUTHORISED = Statement(_authorised, 1)


def _counted(authorisations: Iterable[Authorisation]) -> dict[UUID, Sessions]:
    found: dict[UUID, Sessions] = defaultdict(Sessions)
    for authorisation in authorisations:
        found[authorisation.patient_id].covers.append(Cover(authorisation))
    for visit in _taking(list(found)):
        _take(visit, found[visit.patient_id])
    return dict(found)


def would_go_over(sessions: Sessions, days: Sequence[date]) -> list[date]:
    """Which of further visits on these local days no session is left for; none where nothing is paid or authorised.

    What is booked keeps its sessions.
    """
    if not sessions.covers:
        return []
    covers, over = [replace(cover) for cover in sessions.covers], []
    for day in sorted(days):
        fitting = [cover for cover in covers if cover.covers(day)]
        if fitting:
            min(fitting, key=_ends_first).planned += 1
        else:
            over.append(day)
    return over


def _taking(patients: Sequence[UUID]) -> list[Appointment]:
    if not patients:
        return []
    visits = Appointment.objects.filter(patient__in=patients).exclude(kind=Appointment.Kind.CONSULT)
    return [
        visit
        for visit in visits.select_related("site").order_by("starts")
        if visit.counts or visit.status in Appointment.BLOCKING
    ]


def _take(visit: Appointment, sessions: Sessions) -> None:
    day = clock.local(visit.starts, visit.site.zone).date()
    fitting = [cover for cover in sessions.covers if cover.covers(day)]
    is_open = visit.status in Appointment.BLOCKING
    if fitting:
        cover = min(fitting, key=_ends_first)
        cover.planned += is_open
        cover.used += not is_open
    elif is_open:
        sessions.over.append(visit)


def _ends_first(cover: Cover) -> tuple[date, date]:
    return cover.authorisation.valid_until or date.max, cover.authorisation.valid_from
