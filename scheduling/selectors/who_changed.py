"""What happened to a visit since somebody opened it, and who did it: from the audit trail, for the second of two clerks
on one visit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.models import AuditEvent, Site
from scheduling.models import Appointment
from scheduling.when import day_words, full_stop, time_words

#: More changes than these while one form was open are not read by anybody.
MOST = 3
#: What somebody did by whose deed a visit has this status.
_BECAME: dict[str, str] = {
    Appointment.Status.ARRIVED: "recorded the arrival",
    Appointment.Status.FULFILLED: "closed it",
    Appointment.Status.NOSHOW: "closed it",
    Appointment.Status.CANCELLED: "cancelled it",
}


def changes_since(appointment: Appointment, version: int) -> list[str]:
    """What was done to the visit after the version that somebody saw, oldest first: "Mona Reyes moved it from Tuesday,
    April 6, 2027 at 9 a.m. to 10 a.m. (“Asked by phone.”)." One query.
    """
    row = AuditEvent.objects.filter(table=Appointment._meta.db_table, row=str(appointment.pk))
    later = row.filter(after__version__gt=version).values("transaction")
    deeds: dict[int, list[AuditEvent]] = {}
    for event in row.filter(transaction__in=later).order_by("id"):
        deeds.setdefault(event.transaction, []).append(event)
    return [_sentence(events, appointment.site.zone) for events in list(deeds.values())[-MOST:]]


def last_change(appointment: Appointment) -> str:
    """What was done to the visit last, by whom, in a sentence; empty where nothing was since it was booked. One
    query."""
    row = AuditEvent.objects.filter(table=Appointment._meta.db_table, row=str(appointment.pk), before__isnull=False)
    newest = row.order_by("-id").values("transaction")[:1]
    events = list(row.filter(transaction__in=newest).order_by("id"))
    return _sentence(events, appointment.site.zone) if events else ""


def changed_in_series(seen: Mapping[UUID, int], now: Mapping[UUID, int], site: Site) -> list[str]:
    """What was done to visits of a series since a page showed them in the versions `seen`; `now`: as they are."""
    changed = {pk: number for pk, number in seen.items() if now.get(pk) != number}
    visits = Appointment.objects.filter(pk__in=changed).select_related("site").order_by("starts")[:MOST]
    return [
        f"{day_words(visit.starts, site.zone)}: {sentence}"
        for visit in visits
        for sentence in changes_since(visit, changed[visit.pk])
    ]


def _sentence(events: Sequence[AuditEvent], zone: ZoneInfo) -> str:
    """One action, which may have written the visit's row more than once."""
    who = events[0].actor_name or "The program"
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for event in events:
        before = (event.before or {}) | before
        after |= event.after or {}
    reason = str(after.get("status_reason") or events[0].reason).strip()
    why = f" (“{reason}”)" if reason else ""
    return full_stop(f"{who} {_deed(before, after, zone)}{why}")


def _deed(before: Mapping[str, Any], after: Mapping[str, Any], zone: ZoneInfo) -> str:
    if after.get("status") in _BECAME:
        return _BECAME[after["status"]]
    if "starts" in after and "starts" in before:
        old, new = (datetime.fromisoformat(one["starts"]) for one in (before, after))
        same_day = day_words(old, zone) == day_words(new, zone)
        there = time_words(new, zone) if same_day else f"{day_words(new, zone)} at {time_words(new, zone)}"
        return f"moved it from {day_words(old, zone)} at {time_words(old, zone)} to {there}"
    return "changed it"
