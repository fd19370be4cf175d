"""The way in and out: opening a link, choosing a language, closing the page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from clinic.views import public
from patients.actions import change_contact, change_patient
from patients.models import Contact, Language
from scheduling.messages import links
from scheduling.models import Link
from scheduling.portal import limits
from scheduling.portal.answers import no_longer_so, no_open_link, sealed, too_many
from scheduling.portal.visitor import Visitor, forget, opened, remember, spoken_by

PAGES = (Link.Purpose.PATIENT, Link.Purpose.COMPANION)


@public
@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Check a link's token and send the browser on to the page itself, so that the token leaves the address bar."""
    if limits.over_limit(request, "openings", limits.OPENINGS):
        return too_many(request)
    link = next(filter(None, (links.find(token, purpose) for purpose in PAGES)), None)
    if link is None:
        return no_open_link(request, status=404)
    language = spoken_by(link)
    changed = links.outdated(link)
    if changed is not None:
        with translation.override(language):
            return no_longer_so(request, link, changed)
    response = redirect("portal:home")
    remember(response, link, language)
    return sealed(response)


@opened(*PAGES)
@require_POST
def speak(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Read the pages in another language from now on, and be written to in it."""
    chosen = request.POST.get("language", "")
    response: HttpResponseRedirect = redirect("portal:home")
    if chosen in Language.values:
        _write_in(visitor, chosen)
        remember(response, visitor.link, chosen, proven=visitor.proven)
    return response


def _write_in(visitor: Visitor, language: str) -> None:
    """Keep the language of whoever reads the page; a second click writes nothing."""
    reader = visitor.reader
    if reader.language == language:
        return
    if isinstance(reader, Contact):
        change_contact(by=visitor.by, contact=reader, language=language)
    else:
        change_patient(by=visitor.by, patient=reader, language=language)


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
