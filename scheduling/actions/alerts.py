"""Who is told that an answer about self-harm waits, whom next, and all of them again, until a clinician has
acknowledged it.

The mails say that something waits in the program, and neither what nor about whom. A notice is a row before it is a
mail: a mail server that is down costs a minute, no notice.
"""

from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.models import StaffMember
from clinic.permissions import Permission, Role
from patients.models import AlertNotice, SafetyAlert

#: Who is told first at which step; a step is so many `alert_minutes` of the site after the answer. The named clinician
#: is told at 0.
FIRST = ((1, Role.DOCTOR), (2, Role.MANAGER))
#: After so many steps each of them is told again, and so on: an alert never goes silent by itself.
ROUND = 3
SUBJECT = "Please look into the program"
BODY = (
    "Something in the clinic's program waits for a clinician and nobody has acknowledged it yet. Please sign in and "
    "look:\n\n{link}\n\nFor privacy this mail says no more.\n"
)
#: Whoever may not read it can still see that somebody does.
BODY_FOR_OTHERS = (
    "Something in the clinic's program waits for a clinician and nobody has acknowledged it yet. It is not yours to "
    "open: please reach a doctor of {site}, who signs in and looks:\n\n{link}\n\nFor privacy this mail says no more.\n"
)


@action
def tell_next(*, by: Actor) -> int:
    """Write the notices that have become due, for the first time or again, of alerts that nobody has acknowledged.
    Returns how many."""
    now = clock.now()
    waiting = SafetyAlert.objects.filter(acknowledged_at=None).select_related("site").select_for_update(of=("self",))
    written = [one for alert in waiting for one in _due(alert, now)]
    return len(AlertNotice.objects.bulk_create(written, ignore_conflicts=True))


def _due(alert: SafetyAlert, now: datetime) -> list[AlertNotice]:
    """Whose turn has come, or has come again a round after they were told last. One whose last mail could not be sent
    yet gets no second one.
    """
    pause = timedelta(minutes=alert.site.alert_minutes)
    step = (now - alert.raised_at) // pause
    told = {one.to_id: one for one in alert.notices.order_by("step")}
    found = []
    for first, people in _turns(alert):
        for one in people if first <= step else ():
            last = told.get(one.pk)
            if last is None or (last.sent_at is not None and step - last.step >= ROUND):
                told[one.pk] = AlertNotice(alert=alert, to=one, step=step, due_at=alert.raised_at + step * pause)
                found.append(told[one.pk])
    return found


def _turns(alert: SafetyAlert) -> list[tuple[int, list[StaffMember]]]:
    """The step at which each of the site's people is told first. The named clinician is told with the alert itself."""
    turns = [(0, [alert.assigned_to] if alert.assigned_to is not None else [])]
    for first, role in FIRST:
        turns.append((first, list(StaffMember.objects.with_role(role).filter(sites=alert.site).select_related("user"))))
    return turns


def send_notices(*, by: Actor) -> int:
    """Send what is due and not sent yet, each on its own: one address that fails stops no other. Returns how many."""
    waiting = AlertNotice.objects.filter(sent_at=None, due_at__lte=clock.now(), alert__acknowledged_at=None)
    sent = 0
    for notice in waiting.select_related("to__user", "alert__site"):
        error = _send(notice)
        note_notice(by=by, notice=notice.pk, error=error)
        sent += not error
    return sent


def _send(notice: AlertNotice) -> str:
    """Hand over one mail; why it could not be, or empty."""
    user = notice.to.user
    if user is None or not user.email:
        return "no email address"
    link = f"{settings.PUBLIC_URL}{reverse('doctor:home')}"
    body = BODY if user.may(Permission.DECIDE_CLEARANCE) else BODY_FOR_OTHERS
    text = body.format(link=link, site=notice.alert.site.neutral_name)
    mail = EmailMessage(SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    mail.extra_headers["Message-ID"] = f"<{notice.pk}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>')}>"
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        return str(error)[:400] or type(error).__name__
    return ""


@action
def note_notice(*, by: Actor, notice: UUID, error: str) -> None:
    """Write down what came of a notice's mail: `error` says why it was not sent, empty that it was."""
    sent_at = None if error else clock.now()
    AlertNotice.objects.filter(pk=notice).update(sent_at=sent_at, last_error=error)


def look_after_alerts(*, by: Actor) -> int:
    """One round: who is to be told next, and the mails. Returns how many were sent."""
    tell_next(by=by)
    return send_notices(by=by)
