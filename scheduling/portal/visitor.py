"""Who stands behind an opened link, and how the browser keeps it: a signed cookie of its own, apart from staff
sessions.

The cookie holds the link's id, never the token. It writes nothing to the database, so that opening a link changes
nothing at all (promise 7), and the link is looked up again at each request: one that was revoked or has expired is
shut at once. docs/decisions/links-and-visitors.md says why this is no Django session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from clinic import clock
from clinic.actor import Actor
from clinic.views import public
from patients.models import Contact, Language, Patient
from scheduling.models import Link
from scheduling.portal.answers import no_open_link, sealed

P = ParamSpec("P")

PATH = "/my/"
COOKIE = "__Secure-visitor" if settings.HTTPS else "visitor"
#: Seconds for which an opened link stays open in a browser; after that the link in the message opens it again.
STAYS_OPEN = 4 * 3600
_SALT = "scheduling.portal.visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a link. `contact` is set on the companion's page only; `language` is the one to answer in."""

    link: Link
    patient: Patient
    contact: Contact | None
    language: str

    @property
    def companion(self) -> Contact:
        """The contact behind a companion's link, which always names one (constraint link_of_a_companion_names_one)."""
        if self.contact is None:
            raise LookupError("a patient's link has no companion")
        return self.contact

    @property
    def by(self) -> Actor:
        """The `by=` of what this person does here."""
        if self.contact is not None:
            return Actor("companion", str(self.contact.pk), self.contact.name)
        return Actor("patient", str(self.patient.pk), self.patient.name)


def remember(response: HttpResponse, link: Link, language: str = "") -> None:
    """Let the browser keep the opened link, in place of any other; `language` is the one chosen on the page, if any."""
    response.set_cookie(
        COOKIE,
        signing.dumps([str(link.pk), language], salt=_SALT),
        path=PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    """Close the page in this browser."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Who stands behind the request's cookie; None without one, or when its link is no longer open."""
    try:
        key, chosen = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=STAYS_OPEN)
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
    spoken = contact.language if contact is not None else link.patient.language
    return Visitor(link, link.patient, contact, chosen if chosen in Language.values else spoken)


def opened(
    *purposes: Link.Purpose,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let in who has opened a link of one of `purposes`, and answer in their language; anybody else reads what to
    do.
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
                return sealed(view(request, visitor, *args, **kwargs))

        return public(guarded)

    return decorate
