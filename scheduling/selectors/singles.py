"""One visit by itself: which ones a patient could have at a site, and when they are free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic import clock
from clinic.models import Site, StaffMember
from patients.models import Patient
from scheduling.models import Appointment, BoosterPlan, Protocol, ProtocolVersion, Series
from scheduling.planner.search import possible_starts
from scheduling.planner.values import Wishes
from scheduling.selectors import series_rules
from scheduling.selectors.consults import seen_before
from scheduling.selectors.day_sheets import load_sheet, people_of
from scheduling.selectors.local_days import days_between
from scheduling.selectors.planning import Slot, check_first_day, slots_of
from scheduling.selectors.rest import rest_of
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import shape_for

Kind = Appointment.Kind


@dataclass(frozen=True, slots=True)
class Single:
    """What one visit would be. `series`: the running one that it joins; without one, an infusion is a series of one."""

    version: ProtocolVersion
    kind: Appointment.Kind
    series: Series | None = None
    #: For people: "booster of Fibromyalgia, six intravenous".
    label: str = ""

    @property
    def value(self) -> str:
        """How a form names it."""
        return f"{self.kind}:{self.series.pk if self.series is not None else self.version.protocol_id}"

    @property
    def is_consult(self) -> bool:
        """Whether it takes a doctor and no drip."""
        return self.kind == Kind.CONSULT


def singles_for(patient: Patient, site: Site, now: datetime) -> list[Single]:
    """What a patient could come for by itself: what is missing of running series, one-visit protocols, consults."""
    return [*_of_series(patient, site, now), *_of_protocols(patient, site)]


def _of_series(patient: Patient, site: Site, now: datetime) -> list[Single]:
    running = Series.objects.filter(patient=patient, site=site, status=Series.Status.ACTIVE)
    found = []
    for series in running.select_related("protocol_version__protocol", "site", "patient"):
        version, name = series.protocol_version, series.protocol_version.protocol.name
        if series.stage == Series.Stage.MAINTENANCE:
            found.append(Single(version, Kind.BOOSTER, series, f"a booster of {name}"))
        elif rest_of(series, now).missing:
            found.append(Single(version, Kind.INFUSION, series, f"a missing infusion of {name}"))
    return found


def _of_protocols(patient: Patient, site: Site) -> list[Single]:
    offered = ProtocolVersion.objects.filter(
        is_current=True, protocol__is_active=True, protocol__sites=site, sessions=1
    ).select_related("protocol")
    before = seen_before(patient)
    ordered = sorted(
        offered,
        key=lambda one: (
            one.protocol.kind == Protocol.Kind.CONSULT,
            one.protocol.is_follow_up != before,
            one.protocol.name,
        ),
    )
    return [Single(one, Kind(one.protocol.kind), None, one.protocol.name) for one in ordered]


def near_infusions(single: Single, patient: Patient, site: Site) -> Sequence[tuple[date, int]]:
    """Local dates of the patient's other infusions, those of the same series too, each with the days to keep away."""
    if single.is_consult:
        return ()
    others = series_rules.other_infusion_days(patient, single.version, site.zone, without=single.series)
    if single.series is None:
        return others
    least = max(series_rules.spacing_of(single.series).least, _as_needed_gap(single))
    mine = single.series.appointments.filter(status__in=Appointment.BLOCKING) | single.series.appointments.filter(
        status=Appointment.Status.FULFILLED, counts=True
    )
    return (*others, *((local_day(starts, site), least) for starts in mine.values_list("starts", flat=True)))


def _as_needed_gap(single: Single) -> int:
    """The smallest gap, in days, that a doctor set between boosters that come as needed; 0 for any other visit."""
    plan = single.series.booster_plans.first() if single.series is not None and single.kind == Kind.BOOSTER else None
    return plan.interval_days if plan is not None and plan.pattern == BoosterPlan.Pattern.AS_NEEDED else 0


def single_slots(
    *,
    single: Single,
    patient: Patient,
    site: Site,
    first_day: date,
    days: int,
    now: datetime,
    doctor: StaffMember | None = None,
    is_remote: bool = False,
    wishes: Wishes | None = None,
    limit: int = 400,
) -> list[Slot]:
    """Free times for it on `days` local dates from `first_day` on, far enough from the patient's other infusions.

    Raises:
        Refused: the first day is past.
    """
    check_first_day(first_day, site, now)
    near = near_infusions(single, patient, site)
    last = first_day + timedelta(days=days - 1)
    dates = [
        day for day in days_between(first_day, last) if all(abs((day - other).days) >= least for other, least in near)
    ]
    sheet = load_sheet(site, dates, now=now)
    shape = shape_for(single.version, patient, doctor=doctor, is_remote=is_remote)
    begin = clock.day_bounds(first_day, site.zone)[0]
    end = clock.day_bounds(first_day + timedelta(days=days), site.zone)[1]
    found = possible_starts(
        shape,
        sheet.days,
        sheet.resources,
        sheet.taken,
        wishes=wishes,
        busy=series_rules.busy_cells(patient, begin, end),
        earliest_cell=clock.cell(now) + 1,
    )
    doctors = {person.member.resource_id: person.member for person in people_of(site) if "doctor" in person.roles}
    return list(slots_of(found, sheet, shape, doctors if single.is_consult else {}, limit))
