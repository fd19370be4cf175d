"""The work's side of a patient's timeline: series, visits with their endings, boosters, requests, messages."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.models import User
from patients.models import Patient
from scheduling.models import Appointment, BoosterPlan, ChangeRequest, Ending, Message, Series
from scheduling.selectors.journey import Journey
from scheduling.selectors.timeline_event import Event, Topic, sentences

Status, State = Appointment.Status, Message.State

#: The tone and the icon of a visit by its status; a cancelled one is told by the trail, when it was cancelled.
_VISITS = {
    Status.PROPOSED: ("wait", "hourglass"),
    Status.BOOKED: ("info", "calendar-check"),
    Status.ARRIVED: ("accent", "door-open"),
    Status.FULFILLED: ("ok", "circle-check"),
    Status.NOSHOW: ("bad", "user-x"),
}
#: What became of a message, and when: only what has come to an end is history.
_TOLD = {
    State.SENT: ("ok", "mail-check"),
    State.PERSON: ("warn", "phone"),
    State.SKIPPED: ("quiet", "ban"),
    State.FAILED: ("bad", "triangle-alert"),
}


def events(patient: Patient, user: User, journey: Journey, zone: ZoneInfo, *, clinical: bool) -> Iterator[Event]:
    """What was booked, happened and was told at the user's sites, in no order. Three queries."""
    for course in journey.courses:
        yield from _series(course.series, len(course.visits))
    for visit in journey.visits:
        yield from _visit(visit)
    yield from _boosters(journey, clinical)
    yield from _requests(patient, user)
    yield from _messages(patient, user)


def _series(series: Series, visits: int) -> Iterator[Event]:
    who = series.created_by.get_full_name() if series.created_by else ""
    title = f"Series booked: {series.protocol_version.protocol}"
    detail = f"{visits} visits so far, {series.site}"
    yield Event(series.created_at, series.site.zone, Topic.VISITS, "calendar-plus", title, detail, who, "info")
    if series.ended_at is not None:
        tone = "ok" if series.status == Series.Status.COMPLETED else "quiet"
        title = f"Series {series.get_status_display()}"
        yield Event(series.ended_at, series.site.zone, Topic.VISITS, "flag", title, series.end_reason, tone=tone)


def _visit(visit: Appointment) -> Iterator[Event]:
    if visit.status == Status.CANCELLED:
        return
    tone, mark = _VISITS[Status(visit.status)]
    name = visit.get_kind_display().capitalize()
    if visit.series_id is not None:
        name = f"{name} {visit.number}"
    ending = visit.get_ending_display() if visit.ending else visit.get_status_display()
    if visit.ending and visit.ending not in {Ending.COMPLETED, Ending.NO_SHOW}:
        tone, mark = "warn", "circle-alert"
    yield Event(
        visit.starts,
        visit.site.zone,
        Topic.VISITS,
        mark,
        f"{name}: {ending}",
        sentences(_counted(visit), _with_whom(visit)),
        tone=tone,
        visit=visit.pk,
        is_ahead=visit.status in {Status.PROPOSED, Status.BOOKED} and visit.starts > clock.now(),
    )


def _counted(visit: Appointment) -> str:
    if visit.series_id is None or not visit.ending:
        return ""
    return "Counts toward the series" if visit.counts else "Does not count toward the series"


def _with_whom(visit: Appointment) -> str:
    record = getattr(visit, "record", None)
    if record is not None and record.handed_to_name:
        return f"Handed over to {record.handed_to_name}"
    if visit.practitioner is not None:
        return f"{visit.practitioner.name}, {visit.get_mode_display()}"
    ride = getattr(visit, "ride", None)
    if ride is not None and ride.companion is not None and not visit.ending:
        return f"{ride.companion} drives ({ride.get_status_display()})"
    return ""


def _boosters(journey: Journey, clinical: bool) -> Iterator[Event]:
    zones = {course.series.pk: course.series.site.zone for course in journey.courses}
    for plan in BoosterPlan.objects.filter(series__in=list(zones)).select_related("set_by"):
        title = f"Boosters every {plan.interval_days} days, give or take {plan.tolerance_days}"
        detail = plan.reason if clinical else ""
        yield Event(plan.set_at, zones[plan.series_id], Topic.HEALTH, "repeat", title, detail, plan.set_by.name, "info")


def _requests(patient: Patient, user: User) -> Iterator[Event]:
    for one in ChangeRequest.objects.for_user(user).filter(patient=patient).select_related("appointment__site"):
        zone = one.appointment.site.zone
        title = f"Patient asked for: {one.get_kind_display()}"
        detail = sentences(one.words, one.get_status_display().capitalize())
        yield Event(
            one.created_at, zone, Topic.VISITS, "message-square", title, detail, tone="info", visit=one.appointment_id
        )


def _messages(patient: Patient, user: User) -> Iterator[Event]:
    found = (
        Message.objects.for_user(user)
        .filter(patient=patient, state__in=list(_TOLD), carried_by=None)
        # What was taken back before its time came has never happened.
        .exclude(state=State.SKIPPED, due_at__gt=clock.now())
        .select_related("site", "contact", "done_by")
        .defer("body", "context")
    )
    for one in found:
        tone, mark = _TOLD[State(one.state)]
        to = f" to {one.contact}" if one.contact is not None else ""
        detail = one.get_outcome_display() if one.outcome else one.skip_reason or one.last_error
        who = one.done_by.get_full_name() if one.done_by else ""
        words = f"{one.get_channel_display().capitalize()}{to}: {one.get_kind_display()}"
        at = one.sent_at or one.due_at
        title = words if one.state in {State.SENT, State.PERSON} else f"{words} ({one.get_state_display()})"
        yield Event(
            at,
            one.site.zone,
            Topic.MESSAGES,
            mark,
            title,
            detail,
            who,
            tone,
            message=one.pk,
            is_minor=one.state == State.SKIPPED,
        )
