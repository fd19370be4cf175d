"""When a message may go out: inside the site's sending hours, on the wall clock of the site."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.models import Site
from patients.models import Channel

#: What a time at or after the end of the sending hours is brought forward to: this long before that end.
BEFORE_THE_END = timedelta(minutes=30)
#: A change that concerns a visit this soon after the next sending time is told at once, whatever the hour: the
#: patient must not set out for nothing. Two hours is what somebody needs to wake, read it and not leave the house.
TOO_SOON_TO_WAIT = timedelta(hours=2)
SATURDAY, FRIDAY, DAYS_OF_A_WEEK = 5, 4, 7


def wall_time(site: Site, day: date, wanted: time) -> datetime:
    """`wanted` on `day` as UTC, moved into the site's sending hours of that day; both are local to the site."""
    begins = clock.moment(day, site.send_from, site.zone)
    ends = clock.moment(day, site.send_until, site.zone)
    moment = clock.moment(day, wanted, site.zone)
    if moment < begins:
        return begins
    return moment if moment < ends else max(begins, ends - BEFORE_THE_END)


def open_at(site: Site, moment: datetime) -> bool:
    """Whether messages may go out at `moment` (aware): the hours are half-open, [send_from, send_until)."""
    local = clock.local(moment, site.zone)
    return site.send_from <= local.time() < site.send_until


def next_open(site: Site, moment: datetime) -> datetime:
    """`moment` itself inside the sending hours, else the next time that they begin; UTC."""
    if open_at(site, moment):
        return moment
    local = clock.local(moment, site.zone)
    day = local.date() if local.time() < site.send_from else local.date() + timedelta(days=1)
    return clock.moment(day, site.send_from, site.zone)


def soonest(
    site: Site, now: datetime, channel: str, concerns: datetime | None = None, *, can_wait: bool = False
) -> datetime:
    """When news that arises at `now` goes out by `channel`.

    Mail and text messages wait for the sending hours, unless they speak of something at `concerns` that cannot wait for
    the morning; those that can wait (`can_wait`) for Monday, too, where they do not come too late by then. A call or a
    letter becomes a row on the desk's list at once: a person decides when to dial (docs/decisions/quiet-hours.md).
    """
    if channel in {Channel.CALL, Channel.PAPER}:
        return now
    later = next_open(site, now)
    monday = _after_a_weekend(site, later)
    if can_wait and (concerns is None or monday + TOO_SOON_TO_WAIT <= concerns):
        return monday
    if concerns is not None and later > now and concerns < later + TOO_SOON_TO_WAIT:
        return now
    return later


def not_on_a_weekend(day: date) -> date:
    """The Friday before, for what can wait or come early; other days stay."""
    return day - timedelta(days=day.weekday() - FRIDAY) if day.weekday() >= SATURDAY else day


def monday_after_a_weekend(day: date) -> date:
    """The Monday after, for what can wait; other days stay."""
    return day + timedelta(days=DAYS_OF_A_WEEK - day.weekday()) if day.weekday() >= SATURDAY else day


def _after_a_weekend(site: Site, moment: datetime) -> datetime:
    """`moment` itself from Monday to Friday, else when messages may go out on the Monday after; UTC."""
    day = clock.local(moment, site.zone).date()
    monday = monday_after_a_weekend(day)
    return moment if monday == day else clock.moment(monday, site.send_from, site.zone)


def end_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The midnight that ends the local day of `moment`, as UTC."""
    return clock.day_bounds(clock.local(moment, zone).date(), zone)[1]
