"""Closures and public holidays of a site."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.models import Closure, OpeningHours, Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import clinic_changes, outages
from scheduling.actions.setup import sites as verbs
from scheduling.selectors import changes
from scheduling.selectors.local_days import holiday_names, public_holiday
from scheduling.setup import scope
from scheduling.setup.closure_forms import ClosureForm, HolidaysForm
from scheduling.setup.saving import saves

#: Public holidays are listed so far ahead.
HOLIDAYS_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Holiday:
    """One public holiday with its dates to come. `is_open` and `no_working_day` are those of all these dates."""

    name: str
    dates: tuple[date, ...]
    is_open: bool
    no_working_day: bool


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def closures(request: StaffRequest, site: UUID) -> HttpResponse:
    """What is closed from now on, adding a closure, and the holidays ahead."""
    place = scope.site_or_404(request.user, site)
    data = request.POST if request.method == "POST" else None
    today = clock.today(place.zone)
    form = ClosureForm(
        data, site=place, places=scope.places(place).filter(is_active=True), initial={"first": today, "last": today}
    )

    def save() -> None:
        values = form.cleaned_data
        clinic_changes.add_closure(
            by=Actor.of(request.user),
            starts=values["starts"],
            ends=values["ends"],
            reason=values["reason"],
            accepted=form.ticked,
            **form.closed,
        )

    if saves(request, form, save):
        messages.success(request, "The closure is planned. No visit loses its cover that was not named.")
        return redirect("setup:closures", place.pk)
    return _page(request, place, form)


@require_POST
@needs(Permission.MANAGE_CLINIC)
def holidays(request: StaffRequest, site: UUID) -> HttpResponse:
    """Set on which public holidays the site is open."""
    place = scope.site_or_404(request.user, site)
    ahead = holidays_ahead(place)
    form = HolidaysForm(request.POST, names=[one.name for one in ahead])

    def save() -> None:
        # Rules for holidays that are not on the list stay as they are.
        shown = {one.name for one in ahead}
        kept = set(place.open_holidays) - shown
        names = kept | set(form.cleaned_data["open_on"])
        verbs.set_open_holidays(by=Actor.of(request.user), site=place, names=names, **form.consent)

    if saves(request, form, save):
        messages.success(request, "Saved. The rule holds every year.")
        return redirect("setup:closures", place.pk)
    today = clock.today(place.zone)
    add = ClosureForm(
        site=place, places=scope.places(place).filter(is_active=True), initial={"first": today, "last": today}
    )
    return _page(request, place, add, form)


@require_POST
@needs(Permission.MANAGE_CLINIC)
def end(request: StaffRequest, closure: UUID) -> HttpResponse:
    """Take a closure back; of one that has begun, the rest."""
    theirs = Q(site__in=scope.managed_sites(request.user)) | Q(resource__site__in=scope.managed_sites(request.user))
    theirs |= Q(resource__staff_member__in=scope.staff(request.user))
    found = get_object_or_404(
        Closure.objects.filter(theirs).select_related("site", "resource__site").distinct(), pk=closure
    )
    ended = outages.take_back_outage(by=Actor.of(request.user), closure=found, ends=clock.now())
    messages.success(request, "The closure ends now." if ended else "The closure is taken back.")
    place = found.site or (found.resource.site if found.resource is not None else None)
    if place is not None:
        return redirect("setup:closures", place.pk)
    where = scope.managed_sites(request.user).filter(staff__resource=found.resource).first()
    return redirect("setup:shifts", where.pk) if where is not None else redirect("setup:home")


def _page(request: StaffRequest, site: Site, form: ClosureForm, chosen: HolidaysForm | None = None) -> HttpResponse:
    ahead = holidays_ahead(site)
    there = Q(site=site) | Q(resource__site=site)
    context = {
        "site": site,
        "form": form,
        "closures": Closure.objects.filter(there, ends__gt=clock.now()).select_related("site", "resource")[:100],
        "holidays": ahead,
        "holidays_form": chosen or HolidaysForm(names=[], seen=changes.mark(changes.site_details(site))),
        "open_on": chosen.open_names if chosen is not None else site.open_holidays,
    }
    status = chosen.status if chosen is not None else form.status
    return render(request, "setup/closures.html", context, status=status)


def holidays_ahead(site: Site) -> list[Holiday]:
    """The public holidays of the site's country and region in the coming year, soonest first."""
    today = clock.today(site.zone)
    working = set(OpeningHours.objects.filter(site=site).values_list("weekday", flat=True))
    dates: dict[str, list[date]] = defaultdict(list)
    for day in (today + timedelta(days=number) for number in range(HOLIDAYS_AHEAD.days)):
        label = public_holiday(site, day)
        for name in holiday_names(label) if label else ():
            dates[name].append(day)
    return [
        Holiday(
            name,
            tuple(days),
            not site.observes_holidays or name in site.open_holidays,
            all(day.weekday() not in working for day in days),
        )
        for name, days in dates.items()
    ]
