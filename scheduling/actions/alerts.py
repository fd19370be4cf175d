"""Who is told that an answer about self-harm waits, and whom next, until a clinician has acknowledged it.

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
from clinic.permissions import Role
from patients.models import AlertNotice, SafetyAlert

#: Who is told after the named clinician, step by step, each `alert_minutes` of the site later.
NEXT = ((1, Role.DOCTOR), (2, Role.MANAGER))
SUBJECT = "Please look into the program"
BODY = (
    "Something in the clinic's program waits for a clinician and nobody has acknowledged it yet. Please sign in and "
    "look:\n\n{link}\n\nFor privacy this mail says no more.\n"
)


@action
def tell_next(*, by: Actor) -> int:
    """Write the notices that have become due of alerts that nobody has acknowledged. Returns how many."""
    now = clock.now()
    waiting = SafetyAlert.objects.filter(acknowledged_at=None).select_related("site").select_for_update(of=("self",))
    written = [one for alert in waiting for one in _due(alert, now)]
    return len(AlertNotice.objects.bulk_create(written, ignore_conflicts=True))


def _due(alert: SafetyAlert, now: datetime) -> list[AlertNotice]:
    told = set(alert.notices.values_list("to", flat=True))
    found = []
    for step, role in NEXT:
        due = alert.raised_at + timedelta(minutes=step * alert.site.alert_minutes)
        if due <= now:
            people = StaffMember.objects.with_role(role).filter(sites=alert.site)
            found += [AlertNotice(alert=alert, to=one, step=step, due_at=due) for one in people if one.pk not in told]
            told |= {one.pk for one in people}
    return found


def send_notices(*, by: Actor) -> int:
    """Send what is due and not sent yet, each on its own: one address that fails stops no other. Returns how many."""
    waiting = AlertNotice.objects.filter(sent_at=None, due_at__lte=clock.now(), alert__acknowledged_at=None)
    sent = 0
    for notice in waiting.select_related("to__user"):
        error = _send(notice)
        note_notice(by=by, notice=notice.pk, error=error)
        sent += not error
    return sent


def _send(notice: AlertNotice) -> str:
    """Hand over one mail; why it could not be, or empty."""
    address = notice.to.user.email if notice.to.user is not None else ""
    if not address:
        return "no email address"
    link = f"{settings.PUBLIC_URL}{reverse('doctor:home')}"
    mail = EmailMessage(SUBJECT, BODY.format(link=link), settings.DEFAULT_FROM_EMAIL, [address])
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
