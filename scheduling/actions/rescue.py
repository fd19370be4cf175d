"""Agreeing to a rescue: the visits that lost their cover get others to serve them, or new times, in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused, Stale, WrongStatus
from clinic.models import Site
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.actions import cover, placing, rides
from scheduling.actions.moving import in_safe_order, put_at
from scheduling.actions.once import earlier_result, keep_result
from scheduling.messages import ledger
from scheduling.models import Appointment, Series
from scheduling.planner.rescue import Course
from scheduling.selectors import rescue
from scheduling.selectors.coverage import visit_words
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.known_shapes import Shapes
from scheduling.selectors.rescue import Question
from scheduling.selectors.series_rules import check_other_infusions, date_words, local_day

Status = Appointment.Status
Moved = list[tuple[Appointment, datetime]]
"""Visits with the start (UTC) that they had."""
NOTHING = "Nothing was changed; look at the list again."
WHY = [{"code": "rescued", "params": {}}]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How many visits keep their time with others, how many have a new time, and how many are left as they were."""

    taken_over: int
    moved: int
    left: int


@action
def agree_rescue(
    *,
    by: Actor,
    proposals: Mapping[UUID, datetime | None],
    reason: str,
    key: UUID,
    versions: Mapping[UUID, int] | None = None,
    to_call: Collection[UUID] = (),
) -> Agreed:
    """Give each visit of one site the start (aware) proposed for it: its own, and others take it over, or another.

    None leaves a visit as it is, without cover and on the work list; those `to_call` get a note that the patient is to
    be asked first. All or nothing. Chairs and people are chosen anew under the locks. Each patient is told once of
    all new times, each companion once; of who takes over, nobody. `versions`: of the visits as the person saw them.
    The same key again does nothing more.

    Raises:
        Stale: a visit has been moved or cancelled since.
        JustTaken: at a start nobody is free any more; the sentence says whose.
        Refused: no reason, visits of several sites, a past start, a gap or window broken, the patient elsewhere then,
            or the doctor's clearance does not reach so far.
        WrongStatus: a visit that has begun would be moved.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "agree_rescue", by)
    if done is not None:
        return Agreed(*(int(done[name]) for name in ("taken_over", "moved", "left")))
    if not reason.strip():
        raise Refused("Say what happened; it is kept with the visits.", field="reason")
    wanted = {pk: starts for pk, starts in proposals.items() if starts is not None}
    now = clock.now()
    site = _site_of(proposals)
    if site is not None:
        _take_locks(site, proposals.keys(), wanted)
    _check_unchanged(proposals, versions or {})
    moved: Moved = []
    if site is not None and wanted:
        question = rescue.ask(site, wanted.keys(), now)
        moved = _agree(question, wanted, reason, now)
        _tell(moved)
    _note_calls([pk for pk in to_call if pk not in wanted], reason)
    agreed = Agreed(len(wanted) - len(moved), len(moved), len(proposals) - len(wanted))
    keep_result(
        key, taken_over=str(agreed.taken_over), moved=str(agreed.moved), left=str(agreed.left), site=str(site or "")
    )
    return agreed


def _site_of(proposals: Mapping[UUID, datetime | None]) -> Site | None:
    """The site of all these visits; None where there is no visit."""
    sites = list(Site.objects.filter(appointments__in=proposals.keys()).distinct())
    if len(sites) > 1:
        raise Refused(f"These visits are at several sites; re-plan one site at a time. {NOTHING}")
    return sites[0] if sites else None


def _take_locks(site: Site, visits: Collection[UUID], wanted: Mapping[UUID, datetime]) -> None:
    """Site (shared), people it needs who work at several sites, patients, and the old and new days."""
    found = list(Appointment.objects.filter(pk__in=visits).select_related("protocol_version", "practitioner", "site"))
    shapes = Shapes()
    days = {local_day(visit.starts, site) for visit in found} | {local_day(one, site) for one in wanted.values()}
    travellers = {one for shape in {shapes.of(visit) for visit in found} for one in placing.travellers(site, shape)}
    locks.take(
        [
            locks.site(site.pk),
            *(locks.staff(resource) for resource in travellers),
            *(locks.patient(visit.patient_id) for visit in found),
            *locks.days(site.pk, days),
        ]
    )


def _check_unchanged(proposals: Mapping[UUID, datetime | None], versions: Mapping[UUID, int]) -> None:
    """Raise Stale where a visit is over, was cancelled or has moved since it was seen; under its locks."""
    found = Appointment.objects.select_for_update(of=("self",)).select_related("patient", "site")
    visits = {visit.pk: visit for visit in found.filter(pk__in=proposals.keys())}
    for pk, starts in proposals.items():
        visit = visits.get(pk)
        if visit is None:
            raise Stale(f"A visit of this list is not there any more. {NOTHING}")
        if visit.status not in Appointment.BLOCKING or versions.get(pk, visit.version) != visit.version:
            raise Stale(f"Somebody has changed the visit of {visit_words(visit)} meanwhile. {NOTHING}")
        begun = visit.starts <= clock.now() or visit.status == Status.ARRIVED
        if begun and starts is not None and starts != visit.starts:
            raise WrongStatus(f"The visit of {visit_words(visit)} has begun and cannot get another time. {NOTHING}")


def _agree(question: Question, wanted: Mapping[UUID, datetime], reason: str, now: datetime) -> Moved:
    """Check, seat and write; the visits that have another time, with the old one."""
    visits = question.visits
    new = {pk: starts for pk, starts in wanted.items() if starts != visits[pk].starts}
    placing.check_starts(list(new.values()), question.site.zone, now)
    for course in question.request.courses:
        _check_course(question, course, new)
    length = {pk: visits[pk].ends - visits[pk].starts for pk in new}
    for patient, mine in _by_patient(visits, new).items():
        placing.check_bookable(patient, question.site)
        stretches = [(new[pk], new[pk] + length[pk]) for pk in mine]
        placing.check_patient_free(patient, stretches, question.site.zone, without=mine)
    placed, missing = cover.seat(question, wanted)
    if missing:
        raise _just_taken(question, wanted, missing)
    moved: Moved = []
    for mine in _by_patient(visits, new).values():
        for visit in in_safe_order([visits[pk] for pk in mine], new):
            moved.append((visit, visit.starts))
            put_at(visit, new[visit.pk], new[visit.pk] + length[visit.pk], reason, WHY)
    sheet = load_sheet(question.site, [], now=now)
    with placing.as_just_taken(sheet.zone):
        cover.write_seats(question, placed, now)
    return moved


def _check_course(question: Question, course: Course, new: Mapping[UUID, datetime]) -> None:
    """Raise Refused where the series would break a gap, its window or the clearance with these new starts."""
    site, keys = question.site, [cast(UUID, visit.key) for visit in course.visits]
    mine = [pk for pk in keys if pk in new]
    if not mine:
        return
    days = [
        local_day(new[pk], site) if pk in new else visit.date for pk, visit in zip(keys, course.visits, strict=True)
    ]
    words = visit_words(question.visits[mine[0]])
    broken = course.breaks(days)
    if broken is not None:
        raise Refused(
            f"With {date_words(days[broken[0]])} the series of {words} would not keep the days between its visits. "
            f"{NOTHING}",
            code="gap",
        )
    check_other_infusions([local_day(new[pk], site) for pk in mine], course.other_days)
    if course.last_day is not None and any(local_day(new[pk], site) > course.last_day for pk in mine):
        raise Refused(
            f"The doctor's clearance for {words} ends on {date_words(course.last_day)}. {NOTHING}", code="not_cleared"
        )


def _by_patient(visits: Mapping[UUID, Appointment], new: Mapping[UUID, datetime]) -> dict[Patient, list[UUID]]:
    found: dict[Patient, list[UUID]] = defaultdict(list)
    for pk in new:
        found[visits[pk].patient].append(pk)
    return found


def _just_taken(question: Question, wanted: Mapping[UUID, datetime], missing: Sequence[UUID]) -> JustTaken:
    visit, sheet = question.visits[missing[0]], load_sheet(question.site, [], now=clock.now())
    said = placing.just_taken(wanted[visit.pk], sheet.zone).message
    more = f" So are the times of {len(missing) - 1} more." if len(missing) > 1 else ""
    return JustTaken(f"For {visit_words(visit)}: {said}{more}", field="starts")


def _tell(moved: Moved) -> None:
    """Each patient once for each series, whatever moved in it; companions of what moved are asked anew."""
    by_series: dict[UUID | None, Moved] = defaultdict(list)
    for visit, old in moved:
        by_series[visit.series_id].append((visit, old))
    for series_id, changes in by_series.items():
        all_booked = all(visit.status == Status.BOOKED for visit, _ in changes)
        if series_id is not None and len(changes) > 1 and all_booked:
            ledger.announce_boosters(_newer(series_id), [], changes, [])
        else:
            for visit, old in changes:
                ledger.announce_moved(visit, old)
    for visit, _ in moved:
        rides.visit_moved(visit)


def _newer(series_id: UUID) -> Series:
    """The series with the next version, which the message about all of it carries."""
    series = Series.objects.select_related("site", "patient").select_for_update(of=("self",)).get(pk=series_id)
    series.version += 1
    series.save(update_fields=["version"])
    return series


def _note_calls(visits: Collection[UUID], reason: str) -> None:
    for visit in Appointment.objects.filter(pk__in=visits):
        visit.status_reason = f"Call the patient about a new time: {reason.strip()}"
        visit.save(update_fields=["status_reason"])
