"""What a provider of mail says later, in the form of each (django-anymail reads it and checks that it is signed)."""

from typing import Any

from anymail.signals import EventType, RejectReason, tracking
from anymail.urls import urlpatterns
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.views import public
from scheduling.messages import feedback

#: No mail will reach the address again.
BAD_ADDRESS = frozenset({RejectReason.BOUNCED, RejectReason.INVALID})
#: The provider keeps back whatever goes there, since its reader said so once.
KEPT_BACK = frozenset({RejectReason.SPAM, RejectReason.UNSUBSCRIBED})
#: The message will not arrive.
LOST = frozenset({EventType.BOUNCED, EventType.REJECTED, EventType.FAILED})
#: Its reader wants no more.
UNWANTED = frozenset({EventType.COMPLAINED, EventType.UNSUBSCRIBED})
#: How a provider says of a bounce that it is for now (a full mailbox, a server that is away), where anymail calls hard
#: and soft ones by the same name: where in its own words, and what stands there. Of the others anymail says "deferred",
#: which tells nothing yet.
SOFT: dict[str, tuple[str, frozenset[str]]] = {
    "Amazon SES": ("bounce.bounceType", frozenset({"Transient", "Undetermined"})),
    "Brevo": ("event", frozenset({"soft_bounce"})),
    "MailerSend": ("data.type", frozenset({"soft_bounced"})),
    "Mailjet": ("hard_bounce", frozenset({"False"})),
    "Mandrill": ("event", frozenset({"soft_bounce"})),
    "Postmark": ("Type", frozenset({"SoftBounce"})),
    "Resend": ("data.bounce.type", frozenset({"Transient", "Undetermined"})),
    "SendGrid": ("type", frozenset({"blocked"})),
    "SparkPost": ("msys.message_event.bounce_class", frozenset({"1", "20", "21", "22", "23", "24", "40", "70"})),
}


@public
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def events(request: HttpRequest) -> HttpResponse:
    """Hear the provider that EMAIL_URL names; for any other there is no such page. 400 for who is not it."""
    wanted = f"{settings.MAIL_PROVIDER}_tracking_webhook"
    view: Any = next((one.callback for one in urlpatterns if one.name == wanted), None)
    if not settings.MAIL_PROVIDER or view is None:
        raise Http404
    response: HttpResponse = view(request)
    return response


@receiver(tracking)
def heard(sender: object, event: Any, esp_name: str, **kwargs: Any) -> None:
    """Write down what has become of a message."""
    words = " ".join(filter(None, [esp_name, event.event_type, event.reject_reason, event.mta_response]))
    by, key, address = feedback.BY, str(event.message_id or ""), str(event.recipient or "")
    if event.event_type == EventType.DELIVERED:
        feedback.arrived(by=by, provider_id=key, detail=words)
    elif event.event_type == EventType.BOUNCED and _is_soft(esp_name, event.esp_event):
        feedback.came_back_for_now(by=by, provider_id=key, address=address, detail=f"{words} (for now)")
    elif event.event_type in LOST:
        bad = _is_bad_address(event.event_type, event.reject_reason)
        feedback.came_back(by=by, provider_id=key, address=address, detail=words, bad_address=bad)
    elif event.event_type in UNWANTED:
        feedback.unwanted(by=by, provider_id=key, address=address, detail=words)


def _is_soft(provider: str, said: Any) -> bool:
    """Whether a bounce is for now, in the provider's own words."""
    where, soft = SOFT.get(provider, ("", frozenset()))
    for name in where.split("."):
        said = said.get(name, "") if isinstance(said, dict) else ""
    return str(said) in soft


def _is_bad_address(event_type: str, reason: str | None) -> bool:
    """Whether nothing will arrive there. A bounce without a reason (SendGrid) is one for good, where it is not soft."""
    if event_type == EventType.BOUNCED:
        return reason is None or reason in BAD_ADDRESS
    return reason in BAD_ADDRESS or (event_type == EventType.REJECTED and reason in KEPT_BACK)
