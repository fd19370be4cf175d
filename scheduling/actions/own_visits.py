"""What patients do to their own visits on their page: taking another time, and calling one off.

The rules are those of the desk's actions; here stand those that are for patients alone. Whoever changes a visit so
knows of it: the link that they came by stays open (links.rebind).
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, Stale, WrongStatus
from scheduling.actions import earlier_answers, moving, placing
from scheduling.actions.requests import can_be_asked_about
from scheduling.messages import links
from scheduling.models import Appointment, ChangeRequest, Invitation, Link

MOVED = "Moved by the patient on their page."
CANCELLED = "Cancelled by the patient on their page."
CANCELLED_LATE = "Cancelled by the patient on their page, inside the notice of {hours} hours."


def is_late(visit: Appointment, now: datetime) -> bool:
    """Whether the visit is nearer than the notice that its site asks for. Needs `site` loaded."""
    return visit.starts - now < timedelta(hours=visit.site.notice_hours)


def may_move(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may take another time at once. Needs `site` loaded."""
    booked = visit.status == Appointment.Status.BOOKED and can_be_asked_about(visit, now)
    return visit.site.patients_move and booked and not is_late(visit, now)


def first_start(visit: Appointment, now: datetime) -> datetime:
    """The earliest new start (UTC) that a patient may take: later than the notice to find somebody who drives."""
    hours = visit.site.driver_notice_hours if visit.protocol_version.needs_ride else 0
    return now + timedelta(hours=hours)


@action
def move_own(*, by: Actor, link: Link, appointment: Appointment, starts: datetime, version: int) -> Appointment:
    """Take another time (aware) for one's own visit at once. `version`: of the visit as the patient saw it. Twice is
    once, also where a button was pressed twice in one moment.

    Raises:
        Refused: the site does not allow it, the visit or the new time is too near (code "near"); or whatever
            moving.move_visit refuses.
        NotAllowed: somebody else's visit.
    """
    placing.check_may_ask(by, appointment.patient_id)
    if _stands_at(appointment, starts):
        return appointment
    now = clock.now()
    if not may_move(appointment, now) or starts < first_start(appointment, now):
        raise Refused(
            _("This visit, or the new time, is too near to be changed here. Nothing was changed; please call us."),
            code="near",
        )
    try:
        moved = moving.move_visit(by=by, appointment=appointment, starts=starts, reason=MOVED, version=version)
    except Stale:
        appointment.refresh_from_db()
        if not _stands_at(appointment, starts):
            raise
        return appointment
    links.rebind(link, moved)
    return moved


def _stands_at(visit: Appointment, starts: datetime) -> bool:
    return visit.status == Appointment.Status.BOOKED and visit.starts == starts


@action
def cancel_own(*, by: Actor, link: Link, appointment: Appointment, version: int, words: str = "") -> Appointment:
    """Call one's own visit off, however near it is, and let the desk know with the patient's `words`. Twice is once.

    Raises:
        WrongStatus: it has begun or is over.
        Stale: it was changed since the patient saw it.
        NotAllowed: somebody else's visit.
    """
    placing.check_may_ask(by, appointment.patient_id)
    if appointment.status == Appointment.Status.CANCELLED:
        return appointment
    now = clock.now()
    if not can_be_asked_about(appointment, now):
        raise WrongStatus(_("This visit has begun or is over. Nothing was changed; please call us."))
    late = is_late(appointment, now)
    reason = CANCELLED_LATE.format(hours=appointment.site.notice_hours) if late else CANCELLED
    try:
        cancelled = moving.cancel_visit(by=by, appointment=appointment, reason=reason, version=version)
    except Stale:
        appointment.refresh_from_db()
        if appointment.status != Appointment.Status.CANCELLED:
            raise
        return appointment
    ChangeRequest.objects.create(
        patient_id=cancelled.patient_id,
        appointment=cancelled,
        kind=ChangeRequest.Kind.CANCEL,
        asked_version=cancelled.version,
        words=words.strip(),
        created_at=now,
    )
    links.rebind(link, cancelled)
    return cancelled


@action
def take_earlier(*, by: Actor, link: Link, invitation: Invitation) -> Appointment:
    """Say yes to an earlier time (earlier_answers.accept)."""
    moved = earlier_answers.accept(by=by, invitation=invitation)
    links.rebind(link, moved)
    return moved
