"""Who stands behind an opened link, and how the browser keeps it: a signed cookie of its own, apart from staff
sessions.

The cookie holds the link's id, never the token. It writes nothing to the database, so that opening a link changes
nothing at all (promise 7), and the link is looked up again at each request: one that was revoked, has expired, or
speaks of a visit that has moved or was cancelled, is shut at once. docs/decisions/links-and-visitors.md says why this
is no Django session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from clinic import clock
from clinic.actor import Actor
from clinic.views import public
from patients.models import Contact, Patient
from patients.selectors import who_is_told
from scheduling.messages import links
from scheduling.models import Link
from scheduling.portal import limits
from scheduling.portal.answers import no_longer_so, no_open_link, sealed, too_many

P = ParamSpec("P")

PATH = "/my/"
COOKIE = "__Secure-visitor" if settings.HTTPS else "visitor"
#: Seconds for which an opened link stays open in a browser; after that the link in the message opens it again.
STAYS_OPEN = 4 * 3600
_SALT = "scheduling.portal.visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a link. `contact` is set on the companion's page only; `language` is the one to answer in;
    `proven`: the patient's birth date was given in this browser.
    """

    link: Link
    patient: Patient
    contact: Contact | None
    language: str
    proven: bool = False

    @property
    def companion(self) -> Contact:
        """The contact behind a companion's link, which always names one (constraint link_of_a_companion_names_one)."""
        if self.contact is None:
            raise LookupError("a patient's link has no companion")
        return self.contact

    @property
    def reader(self) -> Patient | Contact:
        """Who is written to, and reads the page: the companion, the patient, or the guardian of somebody under 18."""
        return self.contact or who_is_told(self.patient)

    @property
    def by(self) -> Actor:
        """The `by=` of what this person does here."""
        if self.contact is not None:
            return Actor("companion", str(self.contact.pk), self.contact.name)
        return self.patient.as_actor


def remember(response: HttpResponse, link: Link, language: str, *, proven: bool = False) -> None:
    """Let the browser keep the opened link, in place of any other, and the language that it is answered in: pages that
    know of no link (for trouble, say) speak it too.
    """
    keep: dict[str, Any] = {"path": PATH, "secure": settings.HTTPS, "httponly": True, "samesite": "Lax"}
    response.set_cookie(COOKIE, signing.dumps([str(link.pk), proven], salt=_SALT), **keep)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **keep)


def forget(response: HttpResponse) -> None:
    """Close the page in this browser."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")


def spoken_by(link: Link) -> str:
    """The language (a Language) on file of whoever reads the link's page: a guardian's for somebody under 18."""
    person = link.contact if link.purpose == Link.Purpose.COMPANION else None
    return (person or who_is_told(link.patient)).language


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Who stands behind the request's cookie; None without one, or when its link is no longer open."""
    try:
        key, proven = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=STAYS_OPEN)
        link = Link.objects.select_related("patient", "contact").get(
            pk=UUID(key), revoked_at__isnull=True, expires_at__gt=clock.now()
        )
    except (signing.BadSignature, ValueError, TypeError, Link.DoesNotExist):
        return None
    if link.patient.deceased_at is not None or not link.patient.is_active:
        return None
    contact = link.contact if link.purpose == Link.Purpose.COMPANION else None
    if contact is not None and (contact.stopped_at is not None or not contact.is_active):
        return None
    return Visitor(link, link.patient, contact, spoken_by(link), bool(proven))


def opened(
    *purposes: Link.Purpose,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let in who has opened a link of one of `purposes`, and answer in their language; anybody else reads what to
    do, and so does whoever holds a link about a visit that has changed since, asks for more than limits.PAGES or sends
    more forms than limits.ANSWERS.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            visitor = visitor_of(request)
            if visitor is None or visitor.link.purpose not in purposes:
                return no_open_link(request, status=403)
            with translation.override(visitor.language):
                changed = links.outdated(visitor.link)
                if changed is not None:
                    return no_longer_so(request, visitor.link, changed)
                what, most = ("answers", limits.ANSWERS) if request.method == "POST" else ("pages", limits.PAGES)
                if limits.over_limit(request, what, most):
                    return too_many(request)
                return sealed(view(request, visitor, *args, **kwargs))

        return public(guarded)

    return decorate


def proven(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse]:
    """For what is clinical: whoever has not given the patient's birth date in this browser is asked for it first, and
    led on then. Stands below `opened`.
    """

    @wraps(view)
    def asked(request: HttpRequest, visitor: Visitor, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not visitor.proven:
            return redirect(f"{reverse('portal:birth_date')}?{urlencode({'next': request.path})}")
        return view(request, visitor, *args, **kwargs)

    return asked
