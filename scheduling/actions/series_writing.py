"""From chosen dates to a series: checked, explained, placed under the locks, and written. Shared by booking and
offers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from patients.models import Patient
from patients.selectors import latest_clearance, valid_clearance
from scheduling import wishes as wishes_json
from scheduling.actions import placing
from scheduling.messages import ledger
from scheduling.models import Appointment, Protocol, ProtocolVersion, Ride, Series
from scheduling.planner.search import search_series
from scheduling.planner.values import Placement, Plan, SeriesRequest, VisitShape, Wishes
from scheduling.selectors import planning, reasons, series_rules
from scheduling.selectors.day_sheets import Sheet
from scheduling.selectors.shapes import shape_for

#: As many plans as a page may show side by side: the chosen one is looked for among them, for its reasons.
PLANS_SHOWN = 4
#: What is written when the dates are those of no plan: the clerk chose them.
CHOSEN: list[dict[str, Any]] = [{"code": "pinned", "params": {}}]


@dataclass(frozen=True, slots=True)
class SeriesOrder:
    """What somebody wants booked: `starts` are aware moments, kept in order of time, `first_day` a local date of the
    site.

    `pinned`: those of `starts` that the clerk has fixed, which later re-planning leaves alone.
    """

    patient: Patient
    site: Site
    version: ProtocolVersion
    first_day: date
    wishes: Wishes
    starts: Sequence[datetime]
    pinned: Collection[datetime] = frozenset()

    def __post_init__(self) -> None:
        """In order of time, however they were chosen."""
        object.__setattr__(self, "starts", tuple(sorted(self.starts)))

    @property
    def days(self) -> list[date]:
        """The local dates of the visits."""
        return [clock.local(one, self.site.zone).date() for one in self.starts]


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the dates are as they are: one list of reasons (JSON) per visit, and the cost of the plan by term."""

    reasons: tuple[list[dict[str, Any]], ...]
    terms: dict[str, int] = field(default_factory=dict)


def explained_by(plan: Plan) -> Explained:
    """The reasons and the cost of a plan as they are kept with a series."""
    return Explained(tuple(reasons.to_json(visit.reasons) for visit in plan.visits), dict(plan.terms))


@dataclass(frozen=True, slots=True)
class Placed:
    """A series that can be written: the sheet it was placed on, and who and what serves each visit."""

    sheet: Sheet
    placements: Sequence[tuple[Placement, ...]]


def check_order(order: SeriesOrder, now: datetime) -> None:
    """Everything about an order that needs no lock.

    Raises:
        Refused: a past or unordered date, a gap or window broken, a protocol that is no series or not of this site.
    """
    version = order.version
    if version.protocol.kind != Protocol.Kind.INFUSION:
        raise Refused("A consult is booked by itself, not as a series.", field="version")
    if not version.is_current or not version.protocol.is_active:
        raise Refused("This protocol has a newer version or is no longer used. Choose it again.", field="version")
    if not version.protocol.sites.filter(pk=order.site.pk).exists():
        raise Refused(f"{version.protocol.name} is not offered at {order.site.name}.", field="version")
    if len(order.starts) != version.sessions:
        raise Refused(
            f"{version.protocol.name} is a series of {version.sessions}; {len(order.starts)} dates were sent. Nothing "
            "was booked; choose one of the plans again.",
            field="starts",
            code="sessions",
        )
    planning.check_first_day(order.first_day, order.site, now)
    placing.check_starts(order.starts, order.site.zone, now)
    series_rules.check_series_days(order.days, version, order.first_day)


def question_of(order: SeriesOrder, now: datetime, last: date | None = None) -> tuple[SeriesRequest, Sheet]:
    """What the planner would be asked for the best plan of this order, whatever its starts are; and the day sheets, up
    to the local date `last`, or as far as a series may ever be looked for.
    """
    return planning.series_question(
        site=order.site,
        version=order.version,
        wishes=order.wishes,
        first_day=order.first_day,
        patient=order.patient,
        now=now,
        alternatives=1,
        last_day=last,
    )


def explain_order(order: SeriesOrder, now: datetime) -> Explained:
    """The reasons of the plan that has exactly these starts; where no plan has them, that they were chosen."""
    for last in planning.last_days(order.version, order.first_day):
        request, sheet = question_of(order, now, last)
        # Mostly it is the best plan that is booked; the others are searched for when it is not.
        for alternatives in (1, PLANS_SHOWN):
            asked = replace(request, alternatives=alternatives)
            result = search_series(asked, sheet.days, sheet.resources, sheet.taken, says_why=False)
            for plan in result.plans:
                if planning.moments_of(plan) == list(order.starts):
                    return explained_by(plan)
    return Explained(tuple(CHOSEN for _ in order.starts))


def lock_and_place(order: SeriesOrder, now: datetime) -> Placed:
    """Take the locks, look again, and place every visit.

    Raises:
        Refused: the patient cannot be booked, has a visit then or an infusion too near, or the site is closed.
        JustTaken: a time is no longer free.
    """
    return lock_days_and_place(order, lock_patient(order), now)


def lock_patient(order: SeriesOrder) -> VisitShape:
    """Take every lock but those of the days, which are the last in order and for which others wait, and look at what
    only the patient's lock makes sure. The shape of the visits.

    Raises:
        Refused: the patient cannot be booked, has a visit then or an infusion too near.
    """
    shape = shape_for(order.version, order.patient)
    placing.take_locks(order.site, order.patient, (), shape)
    check_patient(order, shape)
    return shape


def lock_days_and_place(order: SeriesOrder, shape: VisitShape, now: datetime) -> Placed:
    """Take the locks of the days, look again, and place every visit; under the locks of `lock_patient`.

    Raises:
        Refused: the site is closed then.
        JustTaken: a time is no longer free.
    """
    placing.lock_days(order.site, order.days)
    sheet = placing.free_sheet(order.site, order.days, now)
    return Placed(sheet, placing.place(sheet, shape, order.starts))


def check_patient(order: SeriesOrder, shape: VisitShape) -> None:
    """What only the patient's lock makes sure: in care, refused by no doctor, free then, far from other infusions.

    Raises:
        Refused: one of these does not hold.
    """
    order.patient.refresh_from_db()
    placing.check_bookable(order.patient, order.site)
    against = series_rules.decided_against(order.patient, order.version, latest_clearance(order.patient))
    if against:
        raise Refused(
            f"{against} Nothing was booked; a doctor must decide anew first.", field="patient", code="not_cleared"
        )
    length = timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(order.patient, [(one, one + length) for one in order.starts], order.site.zone)
    others = series_rules.other_infusion_days(order.patient, order.version, order.site.zone)
    series_rules.check_other_infusions(order.days, others)


def is_cleared(patient: Patient, version: ProtocolVersion, last_day: date) -> bool:
    """Whether a doctor's valid yes covers every visit up to `last_day`, or the protocol asks for none (promise 4)."""
    return not version.needs_clearance or valid_clearance(patient, last_day) is not None


def held_until(order: SeriesOrder, now: datetime) -> datetime:
    """Until when time is held for a patient awaiting clearance: the site's number of days, never past the first
    visit.
    """
    return min(now + timedelta(days=order.site.uncleared_hold_days), order.starts[0])


def write_series(
    order: SeriesOrder, shape: VisitShape, explained: Explained, *, by: Actor, now: datetime
) -> tuple[Series, list[Appointment]]:
    """The rows of a series and its visits: ACTIVE and booked for a cleared patient, DRAFT and held otherwise."""
    cleared = is_cleared(order.patient, order.version, order.days[-1])
    series = Series.objects.create(
        patient=order.patient,
        site=order.site,
        protocol_version=order.version,
        status=Series.Status.ACTIVE if cleared else Series.Status.DRAFT,
        sessions=len(order.starts),
        first_day=order.first_day,
        wishes=wishes_json.to_json(order.wishes),
        plan_terms=explained.terms,
        held_until=None if cleared else held_until(order, now),
        created_at=now,
        created_by=by.user,
    )
    length = timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    visits = Appointment.objects.bulk_create(
        Appointment(
            patient=order.patient,
            site=order.site,
            series=series,
            protocol_version=order.version,
            kind=Appointment.Kind.INFUSION,
            number=number,
            status=Appointment.Status.BOOKED if cleared else Appointment.Status.PROPOSED,
            starts=starts,
            ends=starts + length,
            pinned=starts in order.pinned,
            plan_reasons=why,
            created_at=now,
            created_by=by.user,
        )
        for number, (starts, why) in enumerate(zip(order.starts, explained.reasons, strict=True), start=1)
    )
    return series, visits


def open_rides(version: ProtocolVersion, visits: Sequence[Appointment]) -> None:
    """Nobody is named yet to drive home from these new visits: their rides, in one statement."""
    if version.needs_ride:
        now = clock.now()
        Ride.objects.bulk_create([Ride(appointment=visit, changed_at=now) for visit in visits])


def announce(series: Series, visits: Sequence[Appointment]) -> None:
    """Open the question who drives for each visit, and tell the patient."""
    open_rides(series.protocol_version, visits)
    if series.status == Series.Status.ACTIVE:
        ledger.announce_booked(series, visits)
    else:
        ledger.announce_held(series)
