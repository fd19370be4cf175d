"""Something has happened: two clicks from the day board, and never refused."""

from datetime import date
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Closure, Resource, ResourceKind, Site, User
from clinic.permissions import Permission
from clinic.views import StaffRequest, form_status, needs, refuse
from scheduling.actions import outages
from scheduling.desk.rescue_forms import WHOLE_SITE, OutageForm, usual_times
from scheduling.desk.sites import site_or_404
from scheduling.selectors.day_sheets import people_of


@require_http_methods(["GET", "POST"])
@needs(Permission.VIEW_SCHEDULE)
def happened(request: StaffRequest, site: UUID, day: date) -> HttpResponse:
    """Who or what is out from now until the end of the day, or for as long as is typed; then on to the re-planning."""
    place = site_or_404(request.user, site)
    now = clock.now()
    people, places = _people(place), _places(place)
    form = OutageForm(
        request.POST if request.method == "POST" else None,
        initial=usual_times(place, day, now) | {"key": uuid4()},
        site=place,
        resources=[*people, *places],
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            outage = outages.record_outage(
                by=Actor.of(request.user),
                starts=data["starts"],
                ends=data["ends"],
                reason=data["reason"],
                key=data["key"],
                **data["what"],
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _said(outage))
            if outage.without_cover and request.user.may(Permission.BOOK):
                return redirect("desk:rescue", place.pk)
            return redirect("desk:board", place.pk, day)
    context = {
        "site": place,
        "day": day,
        "form": form,
        "people": people,
        "places": places,
        "whole_site": WHOLE_SITE,
        "closures": _current(place, [*people, *places]),
        "now": now,
    }
    return render(request, "desk/rescue/happened.html", context, status=form_status(form))


@require_POST
@needs(Permission.VIEW_SCHEDULE)
def over(request: StaffRequest, closure: UUID) -> HttpResponse:
    """It is over already: the closure ends now, and whom it concerned may be booked again."""
    found = get_object_or_404(_visible(request.user), pk=closure)
    site = found.site or (found.resource.site if found.resource is not None else None)
    ended = outages.take_back_outage(by=Actor.of(request.user), closure=found, ends=clock.now())
    what = found.site or found.resource
    said = f"{what} is back." if ended is not None else f"{what}: taken back, it had not begun."
    messages.success(request, said)
    if site is None:
        site = Site.objects.for_user(request.user).filter(staff__resource=found.resource).first()
    return redirect("desk:board", site.pk, clock.today(site.zone)) if site is not None else redirect("desk:home")


def _said(outage: outages.Outage) -> str:
    closure, count = outage.closure, len(outage.without_cover)
    what = closure.site or closure.resource
    if not count:
        return f"{what} is out; no visit loses its cover."
    lost = ngettext("%d visit has no cover now.", "%d visits have no cover now.", count) % count
    return f"{what} is out. {lost}"


def _people(site: Site) -> list[Resource]:
    return [person.member.resource for person in people_of(site)]


def _places(site: Site) -> list[Resource]:
    places = Resource.objects.filter(site=site, is_active=True).exclude(kind=ResourceKind.STAFF)
    return list(places.order_by("position", "name"))


def _current(site: Site, resources: list[Resource]) -> list[Closure]:
    """Closures that are on now or still to come, soonest first."""
    found = Closure.objects.filter(Q(site=site) | Q(resource__in=resources), ends__gt=clock.now())
    return list(found.select_related("site", "resource").order_by("starts")[:20])


def _visible(user: User) -> QuerySet[Closure]:
    """Closures of the user's sites, and of what and who is there."""
    sites, resources = Site.objects.for_user(user), Resource.objects.for_user(user)
    return Closure.objects.filter(Q(site__in=sites) | Q(resource__in=resources)).select_related(
        "site", "resource__site"
    )
