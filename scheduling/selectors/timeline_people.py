"""The people's side of a patient's timeline: record, screening, decisions, consents, scores, sessions."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic import clock
from patients.models import SCORES, Clearance, Consent, Observation, Patient
from scheduling.selectors.timeline_event import Event, Topic, sentences

#: The tone and the icon of each decision.
_DECISIONS = {
    Clearance.Decision.CLEARED: ("ok", "shield-check"),
    Clearance.Decision.CONDITIONS: ("ok", "shield-check"),
    Clearance.Decision.MORE: ("wait", "shield-question-mark"),
    Clearance.Decision.REFUSED: ("bad", "shield-x"),
    Clearance.Decision.SUSPENDED: ("warn", "shield-minus"),
}


def events(patient: Patient, zone: ZoneInfo, *, clinical: bool) -> Iterator[Event]:
    """What happened to the patient's record, in no order. Seven queries, six without `clinical`."""
    yield from _record(patient, zone)
    yield from _asked(patient, zone, clinical)
    yield from _screened(patient, zone, clinical)
    yield from _decided(patient, zone, clinical)
    yield from _signed(patient, zone)
    yield from _sessions(patient, zone)
    if clinical:
        yield from _scores(patient, zone)


def _record(patient: Patient, zone: ZoneInfo) -> Iterator[Event]:
    yield Event(patient.created_at, zone, Topic.PAPERS, "user-plus", "Record opened")
    for gone in patient.merged_from.all():
        if gone.merged_at is not None:
            title = f"Record {gone.record_number} ({gone.name}) became part of this one"
            yield Event(gone.merged_at, zone, Topic.PAPERS, "merge", title)
    if patient.deceased_at is not None:
        yield Event(_noon(patient.deceased_at, zone), zone, Topic.PAPERS, "circle-x", "Died")


def _asked(patient: Patient, zone: ZoneInfo, clinical: bool) -> Iterator[Event]:
    for request in patient.consult_requests.all():
        detail = ". Tried: ".join(filter(None, (request.complaint.rstrip("."), request.tried))) if clinical else ""
        yield Event(request.created_at, zone, Topic.PAPERS, "inbox", "Asked for a consult", detail, tone="info")


def _screened(patient: Patient, zone: ZoneInfo, clinical: bool) -> Iterator[Event]:
    for screening in patient.screenings.select_related("recorded_by"):
        raised = sum(answer != "no" for answer in screening.answers.values())
        detail = f"{raised} of {len(screening.answers)} answered yes or not sure" if clinical else ""
        who = screening.recorded_by.get_full_name() if screening.recorded_by else "the patient"
        yield Event(
            screening.answered_at, zone, Topic.HEALTH, "clipboard-list", "Screening answered", detail, who, tone="info"
        )


def _decided(patient: Patient, zone: ZoneInfo, clinical: bool) -> Iterator[Event]:
    for one in patient.clearances.select_related("decided_by"):
        until = f"until {_date(one.valid_until)}" if one.valid_until else ""
        words = [until, *(("; ".join(one.condition_words), one.reason) if clinical else ())]
        tone, mark = _DECISIONS[Clearance.Decision(one.decision)]
        yield Event(
            one.decided_at,
            zone,
            Topic.HEALTH,
            mark,
            f"Doctor's decision: {one.get_decision_display()}",
            sentences(*words),
            one.decided_by.name,
            tone,
        )


def _signed(patient: Patient, zone: ZoneInfo) -> Iterator[Event]:
    for one in patient.consents.all():
        detail = f"form {one.form_version}, until {_date(one.valid_until)}"
        yield Event(
            one.signed_at,
            zone,
            Topic.PAPERS,
            "file-pen",
            f"Consent signed {one.get_how_display()}",
            detail,
            _signer(one),
            "ok",
        )
        if one.withdrawn_at is not None:
            title = "Consent withdrawn"
            yield Event(one.withdrawn_at, zone, Topic.PAPERS, "file-x", title, f"form {one.form_version}", tone="warn")


def _signer(consent: Consent) -> str:
    return f"{consent.signed_by}, {consent.relationship}" if consent.relationship else consent.signed_by


def _sessions(patient: Patient, zone: ZoneInfo) -> Iterator[Event]:
    for one in patient.authorisations.all():
        until = f"until {_date(one.valid_until)}" if one.valid_until else ""
        detail = ", ".join(word for word in (one.payer, one.reference, until) if word)
        title = f"{one.sessions} session{'s' if one.sessions > 1 else ''} {one.get_kind_display()}"
        yield Event(one.created_at, zone, Topic.PAPERS, "receipt", title, detail)
        if one.withdrawn_at is not None:
            yield Event(one.withdrawn_at, zone, Topic.PAPERS, "receipt", f"Taken back: {title}", detail, tone="warn")


def _scores(patient: Patient, zone: ZoneInfo) -> Iterator[Event]:
    """Scores of one day together: who fills in three forms tells of one day."""
    found = patient.observations.filter(measure__in=SCORES).order_by("effective_at", "measure")
    for _day, group in groupby(found, key=lambda one: clock.local(one.effective_at, zone).date()):
        some = list(group)
        yield Event(
            some[-1].effective_at,
            zone,
            Topic.HEALTH,
            "activity",
            "Score",
            "; ".join(map(_score_words, some)),
            tone="info",
        )


def _score_words(one: Observation) -> str:
    return f"{one.get_measure_display()}: {one.value.normalize():f}"


def _date(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _noon(day: date, zone: ZoneInfo) -> datetime:
    """A day without an hour stands in the middle of itself."""
    return clock.moment(day, time(12), zone)
