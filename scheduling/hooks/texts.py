"""What Twilio says of a text after it took it (its status callback), signed with the account's token."""

import hmac
import time
from base64 import b64encode
from collections.abc import Mapping

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clinic.views import public
from scheduling.messages import feedback
from scheduling.messages.text_channel import LOST_NUMBER_CODES

#: The last words of a text that did not arrive.
LOST = frozenset({"undelivered", "failed"})
#: Seconds after which a text that is not known is looked for once more: Twilio may speak of it before the worker has
#: written down what it is called.
SECOND_LOOK = 1.0


@public
@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """Write down what has become of a text. 403 for a call that Twilio did not sign; 404 for a text that was lost and
    is none of ours, which Twilio shows to whoever looks after the account.
    """
    provider = settings.TEXT_PROVIDER
    if provider is None:
        raise Http404
    said = {name: str(value) for name, value in request.POST.items()}
    expected = signature(provider.token, settings.PUBLIC_URL + reverse("hooks:texts"), said)
    if not hmac.compare_digest(expected, request.headers.get("X-Twilio-Signature", "").encode()):
        return HttpResponse(status=403)
    state, code = said.get("MessageStatus", ""), said.get("ErrorCode", "")
    sid, words = said.get("MessageSid", ""), " ".join(filter(None, ["Twilio", state, code]))
    if state == "delivered":
        feedback.arrived(by=feedback.BY, provider_id=sid, detail=words)
    elif state in LOST and not _lost(sid, code, words):
        time.sleep(SECOND_LOOK)
        if not _lost(sid, code, words):
            return HttpResponse(status=404)
    return HttpResponse(status=204)


def _lost(sid: str, code: str, words: str) -> bool:
    """Write down that the text did not arrive; whether it is known."""
    bad = code in LOST_NUMBER_CODES
    row = feedback.came_back(by=feedback.BY, provider_id=sid, address="", detail=words, bad_address=bad)
    return row is not None


def signature(token: str, url: str, said: Mapping[str, str]) -> bytes:
    """Twilio's X-Twilio-Signature of a form sent to `url`: https://www.twilio.com/docs/usage/security."""
    signed = url + "".join(f"{name}{said[name]}" for name in sorted(said))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1"))
