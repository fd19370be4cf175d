"""What the pages behind links have in common: their headers, and the page for a link that is not open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.models import Site
from scheduling.messages.links import Outdated
from scheduling.models import Link
from scheduling.portal import limits
from scheduling.when import day_words, time_words


def sealed(response: HttpResponse) -> HttpResponse:
    """Keep a page out of caches and search engines, and its address out of the Referer of whatever it links to."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def no_open_link(request: HttpRequest, *, status: int) -> HttpResponse:
    """The page for a link that is unknown, expired or revoked. It does not say which, and names how to reach each
    site.
    """
    sites = Site.objects.filter(is_active=True).order_by("neutral_name")
    return sealed(render(request, "portal/closed.html", {"sites": sites}, status=status))


def no_longer_so(request: HttpRequest, link: Link, changed: Outdated) -> HttpResponse:
    """The page for a link whose visit has another time by now, or was cancelled: what became of it, in plain words, and
    how to get to the dates as they are. In the active language.
    """
    zone = changed.visit.site.zone
    context = {
        "site": changed.visit.site,
        "is_cancelled": changed.is_cancelled,
        "to_companion": link.purpose == Link.Purpose.COMPANION,
        "told": f"{day_words(changed.told_starts, zone)}, {time_words(changed.told_starts, zone)}",
    }
    return sealed(render(request, "portal/outdated.html", context, status=410))


def too_many(request: HttpRequest) -> HttpResponse:
    """The page for an address that asks too often."""
    sites = Site.objects.filter(is_active=True).order_by("neutral_name")
    response = sealed(render(request, "portal/too_many.html", {"sites": sites}, status=429))
    response.headers["Retry-After"] = str(limits.WINDOW)
    return response
