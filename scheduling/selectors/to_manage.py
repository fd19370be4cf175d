"""What a manager has to see to: visits without cover, messages that failed, people who are not set up. Reads only.

A row stands for one thing to do and is gone when it is done; nothing is written down about the list itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse

from clinic import clock
from clinic.models import Shift, Site, StaffMember, User
from clinic.permissions import Role
from scheduling.models import Message
from scheduling.selectors.desk_scope import scope_of
from scheduling.selectors.readiness import Step
from scheduling.selectors.rescue_plan import without_cover_of
from scheduling.selectors.work_list import QUERIES, Kind

#: How far ahead the end of somebody's shifts is seen: the plans of a series reach about as far.
SHIFTS_AHEAD = timedelta(days=28)
#: Who is planned by shifts.
ON_SHIFT = frozenset({Role.NURSE, Role.DOCTOR})


@dataclass(frozen=True, slots=True)
class ToDo:
    """One row: what it is about, what is wrong in words, and its next action: `page` names the address, `args` what it
    takes, `query` what follows it. `presses`: somebody is waiting for it already.
    """

    icon: str
    title: str
    words: str
    action: str
    page: str
    args: tuple[object, ...] = ()
    query: str = ""
    presses: bool = False

    @property
    def href(self) -> str:
        """The address of the next action."""
        return reverse(self.page, args=self.args) + self.query


def to_manage(user: User, now: datetime, staff: Sequence[StaffMember]) -> list[ToDo]:
    """The rows for `user` at `now` (aware), what presses first. `staff`: who is looked at, with `role_rows`, `user` and
    `sites` loaded. The queries do not grow with them.
    """
    return [*_uncovered(user, now), *_failed(user, now), *_people(staff, now)]


def not_ready(site: Site, step: Step) -> ToDo:
    """The row of a site where nothing can be booked yet: `step` is what comes next."""
    args = (site.pk,) if step.needs_site else ()
    return ToDo("map-pin", f"{site} cannot be booked yet", step.lacks, step.title, step.page, args)


def _uncovered(user: User, now: datetime) -> list[ToDo]:
    return [
        ToDo(
            "shield-off",
            f"{len(found)} visit{'' if len(found) == 1 else 's'} without cover at {site}",
            f"{found[0].words}{f', and {len(found) - 1} more' if len(found) > 1 else ''}",
            "Re-plan them together",
            "desk:rescue",
            (site.pk,),
            presses=True,
        )
        for site, found in without_cover_of(user, now)
    ]


def _failed(user: User, now: datetime) -> list[ToDo]:
    failed = QUERIES[Kind.FAILED](scope_of(user, now)).aggregate(count=Count("pk"))["count"]
    if not failed:
        return []
    plural = "" if failed == 1 else "s"
    words = "Nobody has been told in another way yet."
    query = f"?state={Message.State.FAILED.value}"
    title = f"{failed} message{plural} failed"
    return [ToDo("mail-x", title, words, "Look at them", "desk:messages", query=query, presses=True)]


def _people(staff: Sequence[StaffMember], now: datetime) -> list[ToDo]:
    ends = _last_days([one.pk for one in staff], now)
    rows: list[ToDo] = []
    for one in staff:
        roles = {row.role for row in one.role_rows.all()}
        if one.user is not None and not roles:
            rows.append(_about(one, "Has no role, and so can do nothing here.", "Choose the roles"))
        elif one.user is not None and (one.user.invited_at or not one.user.has_usable_password()):
            rows.append(_about(one, "Cannot sign in yet: no password is chosen.", "Make a link"))
        if roles & ON_SHIFT:
            rows += [_shift(one, site, ends.get((one.pk, site.pk))) for site in _lacking(one, ends)]
    return rows


def _about(one: StaffMember, words: str, action: str) -> ToDo:
    return ToDo("user-plus", one.name, words, action, "setup:person", (one.pk,))


def _shift(one: StaffMember, site: Site, last: date | None) -> ToDo:
    words = f"Has no shifts, at {site} or elsewhere: nothing can be booked with {one.name}."
    if last is not None:
        words = f"The shifts at {site} end on {last:%A, %B} {last.day}."
    return ToDo("users", one.name, words, "Plan the shifts", "setup:week", (site.pk, one.pk))


def _lacking(one: StaffMember, ends: dict[tuple[UUID, UUID], date]) -> list[Site]:
    """The sites where the person's shifts end soon; the first one where there are none anywhere. Somebody may belong
    to a site and help out there by the day only.
    """
    sites = [site for site in one.sites.all() if site.is_active]
    planned = [site for site in sites if (one.pk, site.pk) in ends]
    if not planned:
        return sites[:1]
    return [site for site in planned if ends[one.pk, site.pk] < clock.today(site.zone) + SHIFTS_AHEAD]


def _last_days(staff: Collection[UUID], now: datetime) -> dict[tuple[UUID, UUID], date]:
    """(person, site) to the last local day of their weekly shifts there; date.max for shifts without an end."""
    last: dict[tuple[UUID, UUID], date] = {}
    shifts = Shift.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=now.date()), staff_member__in=staff)
    for member, site, until in shifts.values_list("staff_member_id", "site_id", "valid_until"):
        last[member, site] = max(last.get((member, site), date.min), until or date.max)
    return last
