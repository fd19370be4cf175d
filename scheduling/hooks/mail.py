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
#: The message will not arrive.
LOST = frozenset({EventType.BOUNCED, EventType.REJECTED, EventType.FAILED})


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
    elif event.event_type in LOST:
        bad = event.reject_reason in BAD_ADDRESS
        feedback.came_back(by=by, provider_id=key, address=address, detail=words, bad_address=bad)
    elif event.event_type == EventType.COMPLAINED:
        feedback.unwanted(by=by, provider_id=key, address=address, detail=words)
