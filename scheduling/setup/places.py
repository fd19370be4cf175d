"""Chairs, beds and monitors of a site."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Resource
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.setup import places as verbs
from scheduling.selectors import changes
from scheduling.setup import scope
from scheduling.setup.place_forms import AddPlacesForm, PlaceForm
from scheduling.setup.saving import saves


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def places(request: StaffRequest, site: UUID) -> HttpResponse:
    """All places of a site in their order, and adding more."""
    place = scope.site_or_404(request.user, site)
    form = AddPlacesForm(request.POST if request.method == "POST" else None)
    made: list[Resource] = []

    def save() -> None:
        data = form.cleaned_data
        made.extend(
            verbs.add_places(
                by=Actor.of(request.user), site=place, kind=data["kind"], name=data["name"], count=data["count"]
            )
        )

    if saves(request, form, save):
        messages.success(request, f"Added: {', '.join(one.name for one in made)}.")
        return redirect("setup:places", place.pk)
    context = {
        "site": place,
        "form": form,
        "places": list(scope.places(place)),
        "mark": changes.mark(changes.places(place)),
    }
    return render(request, "setup/places.html", context, status=form.status)


@require_POST
@needs(Permission.MANAGE_CLINIC)
def move(request: StaffRequest, place: UUID) -> HttpResponse:
    """Put a place one further up or down in the lists and on the board."""
    one = scope.place_or_404(request.user, place)
    assert one.site is not None  # noqa: S101 -- scope finds only places of sites
    order = [other.public_id for other in scope.places(one.site)]
    here = order.index(one.public_id)
    there = max(0, min(len(order) - 1, here + (-1 if request.POST.get("to") == "up" else 1)))
    order.insert(there, order.pop(here))
    seen = request.POST.get("seen", "")
    try:
        verbs.order_places(
            by=Actor.of(request.user), site=one.site, order=order, seen=int(seen) if seen.isdigit() else None
        )
    except Refused as error:
        messages.error(request, error.message)
    return redirect("setup:places", one.site.pk)


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def place(request: StaffRequest, place: UUID) -> HttpResponse:
    """One chair, bed or monitor."""
    one = scope.place_or_404(request.user, place)
    assert one.site is not None  # noqa: S101 -- scope finds only places of sites
    data = request.POST if request.method == "POST" else None
    form = PlaceForm.of(one, data, seen=changes.mark(changes.places(one.site)))

    def save() -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "kind", "in_use")}
        verbs.change_place(by=Actor.of(request.user), place=one, **values, **form.consent)

    if saves(request, form, save):
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("setup:places", one.site.pk)
    return render(request, "setup/place.html", {"site": one.site, "place": one, "form": form}, status=form.status)
