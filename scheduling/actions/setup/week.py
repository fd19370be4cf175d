"""Somebody's weekly shifts at a site, all at once, and taking back what was different on one date."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Shift, ShiftException, Site, StaffMember, Weekday
from clinic.permissions import Permission
from scheduling.actions.clinic_changes import Stretch
from scheduling.actions.cover import stranding_nobody
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.actions.setup.sites import check_week
from scheduling.selectors import changes
from scheduling.when import wall_words


@action
def set_week(
    *,
    by: Actor,
    member: StaffMember,
    site: Site,
    week: Mapping[int, Sequence[Stretch]],
    first_day: date,
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> None:
    """When somebody works at a site from `first_day` (local) on: for each weekday (Monday 0) the stretches; none on a
    day left out. What held before stays on record until the day before; changes planned for later are replaced.

    Raises:
        ChangedMeanwhile: somebody else changed the person's shifts since `seen` (the mark of `changes.week_of`).
        StrandsVisits: booked visits would lose their cover.
        Refused: a day that is past, stretches that overlap, or ones in which the person works at another site.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    check_week(week)
    if first_day < clock.today(site.zone):
        raise Refused("The shifts of past days stay as they were. Choose today or a later day.", field="first_day")
    with stranding_nobody([site], clock.now(), accepted=accepted, reason=reason):
        check_unchanged(changes.week_of(member), seen)
        _check_elsewhere(member, site, week, first_day)
        shifts = Shift.objects.filter(staff_member=member, site=site)
        for weekday in range(7):
            _set_day(member, site, weekday, sorted(week.get(weekday, ())), first_day, shifts.filter(weekday=weekday))


def _set_day(
    member: StaffMember,
    site: Site,
    weekday: int,
    wanted: Sequence[Stretch],
    first_day: date,
    shifts: QuerySet[Shift],
) -> None:
    """One weekday: rows that say what is wanted already stay as they are."""
    left = list(wanted)
    for shift in shifts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first_day)):
        hours = (shift.starts, shift.ends)
        if hours in left and shift.valid_from <= first_day and shift.valid_until is None:
            left.remove(hours)
        elif shift.valid_from >= first_day:
            shift.delete()
        else:
            shift.valid_until = first_day - timedelta(days=1)
            shift.save(update_fields=["valid_until"])
    Shift.objects.bulk_create(
        Shift(staff_member=member, site=site, weekday=weekday, starts=starts, ends=ends, valid_from=first_day)
        for starts, ends in left
    )


def _check_elsewhere(member: StaffMember, site: Site, week: Mapping[int, Iterable[Stretch]], first_day: date) -> None:
    """Raise Refused where the person works at another site at that time: one body cannot be in two places."""
    others = Shift.objects.filter(staff_member=member).exclude(site=site).select_related("site")
    for other in others.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first_day)):
        for starts, ends in week.get(other.weekday, ()):
            if starts < other.ends and other.starts < ends:
                raise Refused(
                    f"{member} works at {other.site} on {Weekday(other.weekday).label}s, "
                    f"{wall_words(other.starts)} to {wall_words(other.ends)}; nothing was changed. "
                    "Change it there first, or choose other hours.",
                    field=f"day_{other.weekday}",
                )


@action
def remove_exception(
    *, by: Actor, member: StaffMember, site: Site, day: date, accepted: Collection[UUID] = (), reason: str = ""
) -> None:
    """The weekly shifts hold again on that local date.

    Raises:
        StrandsVisits: booked visits would lose their cover.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    begin, end = clock.day_bounds(day, site.zone)
    with stranding_nobody([site], max(begin, clock.now()), end, accepted=accepted, reason=reason):
        ShiftException.objects.filter(staff_member=member, site=site, date=day).delete()
