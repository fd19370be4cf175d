"""The way in and out: opening a link, choosing a language, closing the page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from clinic.views import public
from patients.models import Language
from scheduling.messages import links
from scheduling.models import Link
from scheduling.portal import limits
from scheduling.portal.answers import no_open_link, sealed, too_many
from scheduling.portal.visitor import Visitor, forget, opened, remember

PAGES = (Link.Purpose.PATIENT, Link.Purpose.COMPANION)


@public
@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Check a link's token and send the browser on to the page itself, so that the token leaves the address bar."""
    if limits.over_limit(request, "openings", limits.OPENINGS):
        return too_many(request)
    for purpose in PAGES:
        link = links.find(token, purpose)
        if link is not None:
            response = redirect("portal:home")
            remember(response, link)
            return sealed(response)
    return no_open_link(request, status=404)


@opened(*PAGES)
@require_POST
def speak(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Read the pages in another language, in this browser; what is sent goes on in the language on file."""
    chosen = request.POST.get("language", "")
    response: HttpResponseRedirect = redirect("portal:home")
    remember(response, visitor.link, chosen if chosen in Language.values else "")
    return response


@public
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the page in this browser; the link in the message opens it again."""
    response = redirect("portal:goodbye")
    forget(response)
    return sealed(response)


@public
@require_safe
def goodbye(request: HttpRequest) -> HttpResponse:
    """What somebody reads who has closed the page."""
    return sealed(render(request, "portal/goodbye.html"))
