"""What the pages behind links have in common: their headers, and the page for a link that is not open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.models import Site


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


def too_many(request: HttpRequest) -> HttpResponse:
    """The page for an address that asks too often."""
    sites = Site.objects.filter(is_active=True).order_by("neutral_name")
    response = sealed(render(request, "portal/too_many.html", {"sites": sites}, status=429))
    response.headers["Retry-After"] = "600"
    return response
