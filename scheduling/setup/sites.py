"""Sites: adding one, what is known of it, and its opening hours."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.models import OpeningHours, Site
from clinic.permissions import Permission
from clinic.public_names import public_name
from clinic.views import StaffRequest, needs
from scheduling.actions.setup import sites
from scheduling.selectors import changes
from scheduling.setup.base_forms import HoursOfWeek
from scheduling.setup.saving import saves
from scheduling.setup.scope import managed_sites, site_or_404
from scheduling.setup.site_forms import SiteForm


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def new(request: StaffRequest) -> HttpResponse:
    """Add a site."""
    form = SiteForm(request.POST if request.method == "POST" else None)
    made: list[Site] = []
    if saves(request, form, lambda: made.append(sites.add_site(by=Actor.of(request.user), values=form.values))):
        messages.success(request, f"{made[0]} is added. Next: when it is open.")
        return redirect("setup:hours", made[0].pk)
    context = {"form": form, "first": not managed_sites(request.user).exists()}
    return render(request, "setup/site.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def site(request: StaffRequest, site: UUID) -> HttpResponse:
    """What is known of a site."""
    place = site_or_404(request.user, site)
    # The form writes into its instance while it checks; the page keeps showing what is.
    form = SiteForm(
        request.POST if request.method == "POST" else None,
        instance=site_or_404(request.user, site),
        seen=changes.mark(changes.site_details(place)),
    )

    def save() -> None:
        sites.change_site(by=Actor.of(request.user), site=place, values=form.values, **form.consent)

    if saves(request, form, save):
        messages.success(request, "Saved.")
        return redirect("setup:site", place.pk)
    context = {"site": place, "form": form, "public_url": _public_url(place)}
    return render(request, "setup/site.html", context, status=form.status)


def _public_url(site: Site) -> str:
    """Where anybody can ask for a consult at the site; empty for one that is not in use."""
    name = public_name(site)
    return settings.PUBLIC_URL + reverse("public:ask", args=[name]) if name else ""


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def hours(request: StaffRequest, site: UUID) -> HttpResponse:
    """When a site is open, a field a day."""
    place = site_or_404(request.user, site)
    form = HoursOfWeek(
        request.POST if request.method == "POST" else None,
        initial=opening_week(place),
        seen=changes.mark(changes.opening_week(place)),
    )

    def save() -> None:
        sites.set_opening_week(by=Actor.of(request.user), site=place, week=form.week, **form.consent)

    if not form.copied and saves(request, form, save):
        messages.success(request, f"{place} is open at these hours from now on.")
        return redirect("setup:places" if not place.resources.exists() else "setup:hours", place.pk)
    return render(request, "setup/hours.html", {"site": place, "form": form}, status=form.status)


def opening_week(site: Site) -> dict[str, list[tuple[object, object]]]:
    """The site's hours as the form's initial values."""
    week: dict[str, list[tuple[object, object]]] = {}
    for row in OpeningHours.objects.filter(site=site).order_by("weekday", "opens"):
        week.setdefault(f"day_{row.weekday}", []).append((row.opens, row.closes))
    return week
