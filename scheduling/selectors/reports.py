"""Reports for managers: each is a table of a few numbers about one site in a stretch of days, and which of its columns
is drawn. Nothing in them names a patient, and nothing is clinical.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Min, Q

from clinic import clock
from clinic.models import CHAIRS, AuditEvent, OpeningHours, Resource, ResourceKind, Site
from scheduling.models import Appointment, Hold, Message, Ride, Series
from scheduling.when import wall_words

Status = Appointment.Status
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, both included (local dates of the site), and the same as [start, end) in UTC."""

    site: Site
    first: date
    last: date

    @property
    def start(self) -> datetime:
        """Midnight before the first day."""
        return clock.day_bounds(self.first, self.site.zone)[0]

    @property
    def end(self) -> datetime:
        """Midnight after the last day."""
        return clock.day_bounds(self.last, self.site.zone)[1]

    def visits(self) -> Any:
        """Visits that start in it."""
        return Appointment.objects.filter(site=self.site, starts__gte=self.start, starts__lt=self.end)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its cells as they are read, and the number that is drawn (None: nothing)."""

    cells: tuple[str, ...]
    drawn: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A table with its plot: a bar for each row; where there is a `grid` (what the second cells say, in order) a square
    for each, placed by its first two cells and with the others in it. `unit` belongs to the drawn number; `note` says
    what is counted.
    """

    key: str
    title: str
    note: str
    headings: tuple[str, ...]
    rows: Sequence[Row]
    unit: str = ""
    grid: tuple[str, ...] = ()


def use_of_places(span: Span) -> Report:
    """How much of the open time chairs and nurses were taken, by weekday and hour. Four queries."""
    chairs, nurses = (_taken(span, kinds) for kinds in (CHAIRS, [ResourceKind.STAFF]))
    places = Resource.objects.filter(site=span.site, kind__in=CHAIRS, is_active=True).count()
    days = Counter((span.first + timedelta(days=n)).weekday() for n in range((span.last - span.first).days + 1))
    rows = []
    open_hours = _open_hours(span.site)
    for weekday, hour in open_hours:
        there = places * days[weekday] * 60
        share = 100 * chairs[weekday, hour] / there if there else 0.0
        hours = nurses[weekday, hour] / 60 / days[weekday] if days[weekday] else 0.0
        cells = (WEEKDAYS[weekday], _words(hour), f"{share:.0f} %", f"{hours:.1f}")
        rows.append(Row(cells, round(share, 1)))
    note = (
        "Chairs: taken minutes of the open minutes of all chairs in use; the fullest hour has most colour. Below them, "
        "staff: people busy at once, on average."
    )
    headings = ("Day", "Hour", "Chairs taken", "Staff busy")
    lines = tuple(map(_words, sorted({hour for _weekday, hour in open_hours})))
    return Report("use", "Use of chairs and nurses", note, headings, rows, "%", lines)


def _words(hour: int) -> str:
    return wall_words(time(hour % 24))


def _open_hours(site: Site) -> list[tuple[int, int]]:
    found = set()
    for row in OpeningHours.objects.filter(site=site):
        last = row.closes.hour + (1 if row.closes.minute else 0)
        found |= {(row.weekday, hour) for hour in range(row.opens.hour, last)}
    return sorted(found)


def _taken(span: Span, kinds: Sequence[str]) -> defaultdict[tuple[int, int], float]:
    """Minutes held of such resources, by local weekday and hour."""
    first, last = clock.cell(span.start), clock.cell(span.end)
    holds = Hold.objects.filter(
        appointment__site=span.site, resource__kind__in=kinds, start_cell__lt=last, end_cell__gt=first
    ).exclude(appointment__status__in=[Status.CANCELLED, Status.NOSHOW])
    stretches = set(holds.values_list("resource", "start_cell", "end_cell"))
    minutes: defaultdict[tuple[int, int], float] = defaultdict(float)
    for _resource, start, end in stretches:
        for cell in range(max(start, first), min(end, last)):
            at = clock.local(clock.of_cell(cell), span.site.zone)
            minutes[at.weekday(), at.hour] += clock.CELL_MINUTES
    return minutes


def missed(span: Span) -> Report:
    """No-shows and cancellations inside the notice, by week. Two queries."""
    weeks: defaultdict[date, Counter[str]] = defaultdict(Counter)
    late = timedelta(hours=span.site.notice_hours)
    visits = list(span.visits().values_list("pk", "starts", "status"))
    cancelled = _cancelled_at([str(key) for key, _starts, status in visits if status == Status.CANCELLED])
    for key, starts, status in visits:
        day = clock.local(starts, span.site.zone).date()
        week = weeks[day - timedelta(days=day.weekday())]
        if status == Status.CANCELLED:
            at = cancelled.get(str(key))
            week["late" if at is not None and starts - at < late else "in time"] += 1
        else:
            week["missed" if status == Status.NOSHOW else "kept"] += 1
    rows = []
    for monday, week in sorted(weeks.items()):
        due = week["kept"] + week["missed"] + week["late"]
        share = 100 * (week["missed"] + week["late"]) / due if due else 0.0
        numbers = tuple(str(week[name]) for name in ("kept", "missed", "late", "in time"))
        rows.append(Row((monday.isoformat(), *numbers, f"{share:.0f} %"), round(share, 1)))
    note = f"Late: cancelled less than {span.site.notice_hours} hours before. The share is of visits due at the time."
    headings = ("Week of", "Came or to come", "Did not come", "Cancelled late", "Cancelled in time", "Lost")
    return Report("missed", "No-shows and late cancellations", note, headings, rows, "%")


def _cancelled_at(keys: Sequence[str]) -> dict[str, datetime]:
    """When each of these visits was cancelled, off the audit trail."""
    events = AuditEvent.objects.filter(
        table=Appointment._meta.db_table, row__in=keys, operation="update", after__status=Status.CANCELLED.value
    )
    return dict(events.values_list("row", "at"))


def rides(span: Span) -> Report:
    """Whether somebody was named for the way home in time. Two queries."""
    hours = span.site.driver_notice_hours
    visits = span.visits().exclude(status=Status.CANCELLED)
    found = list(Ride.objects.filter(appointment__in=visits).values_list("pk", "status", "appointment__starts"))
    settled = [Ride.Status.NAMED.value, Ride.Status.CONFIRMED.value]
    events = AuditEvent.objects.filter(
        table=Ride._meta.db_table, row__in=[str(key) for key, _status, _starts in found], after__status__in=settled
    )
    # The newest first, so that the first time stays.
    named = dict(events.order_by("-pk").values_list("row", "at"))
    words = (f"named {hours} hours ahead", "named later than that", "nobody named", "waived by a doctor")
    counted: Counter[str] = Counter()
    for key, status, starts in found:
        since = named.get(str(key))
        if status == Ride.Status.WAIVED:
            counted[words[3]] += 1
        elif since is None or status in Ride.MISSING:
            counted[words[2]] += 1
        else:
            counted[words[0] if starts - since >= timedelta(hours=hours) else words[1]] += 1
    total = len(found)
    rows = [
        Row((word, str(counted[word]), _share(counted[word], total)), _percent(counted[word], total)) for word in words
    ]
    note = "Of visits that need a ride home and were not cancelled; when somebody was first named, by the audit trail."
    return Report("rides", "Rides home named in time", note, ("Ride", "Visits", "Share"), rows, "%")


def to_first_infusion(span: Span) -> Report:
    """Days from the consult that was kept to the first infusion, for infusions that began in the span. One query."""
    firsts = (
        span.visits()
        .filter(kind=Appointment.Kind.INFUSION, number=1, status=Status.FULFILLED)
        .annotate(
            consult=Min(
                "patient__appointments__starts",
                filter=Q(
                    patient__appointments__kind=Appointment.Kind.CONSULT,
                    patient__appointments__status=Status.FULFILLED,
                    patient__appointments__starts__lt=F("starts"),
                ),
            )
        )
        .values_list("starts", "consult")
    )
    months: defaultdict[str, list[int]] = defaultdict(list)
    for starts, consult in firsts:
        if consult is not None:
            months[f"{clock.local(starts, span.site.zone):%Y-%m}"].append((starts - consult).days)
    rows = [
        Row((month, str(len(days)), f"{median(days):.0f}", str(max(days))), float(median(days)))
        for month, days in sorted(months.items())
    ]
    note = "Patients whose first infusion lies in these days, and who had a consult here before."
    headings = ("Month", "Patients", "Days, half of them within", "Days, longest")
    return Report("first", "From consult to first infusion", note, headings, rows, "days")


def series_ended(span: Span) -> Report:
    """Series that ended in the span: completed, or stopped, at which infusion. One query."""
    ended = (
        Series.objects.filter(site=span.site, ended_at__gte=span.start, ended_at__lt=span.end)
        .annotate(given=Count("appointments", filter=Q(appointments__counts=True)))
        .values_list("status", "given", "end_reason")
    )
    found: Counter[tuple[str, str]] = Counter()
    for status, given, reason in ended:
        label = str(Series.Status(status).label).capitalize()
        said = reason.strip().partition("\n")[0][:60] if status == Series.Status.REVOKED else ""
        found[f"{label} after {given} infusion{'' if given == 1 else 's'}", said] += 1
    rows = [Row((what, why, str(number)), float(number)) for (what, why), number in sorted(found.items())]
    note = "Reasons are the first line of what was typed when the series was stopped."
    return Report("series", "Series finished and stopped", note, ("How", "Reason given", "Series"), rows)


def messages(span: Span) -> Report:
    """What became of messages that were due, by way. One query."""
    found = (
        Message.objects.filter(site=span.site, due_at__gte=span.start, due_at__lt=span.end)
        .order_by()
        .values_list("channel", "state")
        .annotate(number=Count("pk"))
    )
    by_way: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for channel, state, number in found:
        by_way[channel][state] += number
    rows = []
    for channel, states in sorted(by_way.items()):
        tried = states["sent"] + states["failed"]
        numbers = tuple(str(states[state]) for state in ("sent", "person", "skipped", "failed"))
        label = str(Message(channel=channel).get_channel_display())
        rows.append(Row((label, *numbers, _share(states["sent"], tried)), _percent(states["sent"], tried)))
    note = "Skipped: no longer true when it was due, or not wanted. The share is of those that were tried."
    headings = ("By", "Sent or told", "With a person", "Skipped", "Failed", "Arrived")
    return Report("messages", "Messages", note, headings, rows, "%")


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


REPORTS: dict[str, Callable[[Span], Report]] = {
    "use": use_of_places,
    "missed": missed,
    "rides": rides,
    "first": to_first_infusion,
    "series": series_ended,
    "messages": messages,
}
