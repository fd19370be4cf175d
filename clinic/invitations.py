"""The link with which a member of staff chooses a password, by mail."""

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from clinic.models import User

log = structlog.get_logger(__name__)
SUBJECT = "Your sign-in for the clinic's schedule"


def link_for(user: User, token: str) -> str:
    """The address behind which the password is chosen."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("account_welcome", args=[user.pk, token])


def send(user: User, token: str) -> bool:
    """Whether the mail server took it. Sent while the manager waits: where it fails, the link is shown instead."""
    days = settings.PASSWORD_RESET_TIMEOUT // 86400
    text = render_to_string("account/invitation.txt", {"person": user, "link": link_for(user, token), "days": days})
    try:
        EmailMessage(SUBJECT, text, to=[user.email]).send()
    except OSError:  # smtplib's errors are OSErrors too
        log.warning("invitation_not_sent", user=str(user.pk), exc_info=True)
        return False
    return True
