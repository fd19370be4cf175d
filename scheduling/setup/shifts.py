"""Who works when: a site's week, one person's weekly pattern, other hours on one date, and days away."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.models import Closure, ShiftException, Site, StaffMember
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import clinic_changes
from scheduling.actions.setup import week as verbs
from scheduling.selectors import changes, weeks
from scheduling.setup import scope
from scheduling.setup.saving import saves
from scheduling.setup.shift_forms import AwayForm, LikeForm, OneDayForm, WeekForm
from scheduling.setup.sites import opening_week

SEVEN_DAYS = timedelta(days=7)


@require_safe
@needs(Permission.MANAGE_CLINIC)
def shifts(request: StaffRequest, site: UUID) -> HttpResponse:
    """A site's week: everybody's hours, what differs on single dates, and how many nurses and doctors are there."""
    place = scope.site_or_404(request.user, site)
    today = clock.today(place.zone)
    monday = weeks.monday_of(_day(request.GET.get("week")) or today)
    week = weeks.week_at(place, monday)
    context = {
        "site": place,
        "week": week,
        "today": today,
        "previous": monday - SEVEN_DAYS,
        "next": monday + SEVEN_DAYS,
    }
    return render(request, "setup/shifts.html", context)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _worker_or_404(request: StaffRequest, site: UUID, member: UUID) -> tuple[Site, StaffMember]:
    place = scope.site_or_404(request.user, site)
    return place, get_object_or_404(StaffMember.objects.filter(sites=place).select_related("resource"), pk=member)


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def week(request: StaffRequest, site: UUID, member: UUID) -> HttpResponse:
    """One person's weekly shifts at a site; another's week, or the opening hours, can be copied in first."""
    place, one = _worker_or_404(request, site, member)
    today = clock.today(place.zone)
    colleagues = list(StaffMember.objects.filter(sites=place, is_active=True).exclude(pk=one.pk))
    like = LikeForm(request.GET or None, people=colleagues)
    form = WeekForm(
        request.POST if request.method == "POST" else None,
        initial=_initial(request, place, one, like),
        seen=changes.mark(changes.week_of(one)),
    )

    def save() -> None:
        verbs.set_week(
            by=Actor.of(request.user),
            member=one,
            site=place,
            week=form.week,
            first_day=form.cleaned_data["first_day"],
            **form.consent,
        )

    if not form.copied and saves(request, form, save):
        messages.success(request, f"{one}'s weekly shifts at {place} are saved.")
        return redirect(f"{_grid(place)}?week={form.cleaned_data['first_day'].isoformat()}")
    context = {
        "site": place,
        "member": one,
        "form": form,
        "like": like,
        "ahead": weeks.changes_ahead(one, place, today),
        "has_shifts": bool(weeks.pattern_of(one, place, today)),
    }
    return render(request, "setup/week.html", context, status=form.status)


def _initial(request: StaffRequest, site: Site, member: StaffMember, like: LikeForm) -> dict[str, Any]:
    """The week as it is, or the one to copy."""
    today = clock.today(site.zone)
    chosen = like.cleaned_data.get("like") if like.is_valid() else None
    if request.GET.get("like") == "hours":
        found: dict[str, Any] = dict(opening_week(site))
    else:
        pattern = weeks.pattern_of(chosen or member, site, today)
        found = {f"day_{weekday}": stretches for weekday, stretches in pattern.items()}
    return found | {"first_day": today}


def _grid(site: Site) -> str:
    return reverse("setup:shifts", args=[site.pk])


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def one_day(request: StaffRequest, site: UUID, member: UUID) -> HttpResponse:
    """Other hours on one date; without any the person is off. What is there already can be taken back."""
    place, one = _worker_or_404(request, site, member)
    day = _day(request.GET.get("day")) or clock.today(place.zone)
    form = OneDayForm(request.POST if request.method == "POST" else None, initial=_on(one, place, day))
    back = "take_back" in request.POST

    def save() -> None:
        data, consent = form.cleaned_data, form.consent
        consent.pop("seen")
        if back:
            verbs.remove_exception(by=Actor.of(request.user), member=one, site=place, day=data["day"], **consent)
        else:
            clinic_changes.add_shift_exception(
                by=Actor.of(request.user), member=one, site=place, day=data["day"], stretches=data["hours"], **consent
            )

    if saves(request, form, save):
        messages.success(request, "The weekly shifts hold again on that day." if back else "Saved for that day.")
        return redirect(f"{_grid(place)}?week={form.cleaned_data['day'].isoformat()}")
    context = {
        "site": place,
        "member": one,
        "day": day,
        "form": form,
        "usual": weeks.pattern_of(one, place, day).get(day.weekday(), []),
        "there": ShiftException.objects.filter(staff_member=one, site=place, date=day).exists(),
        "upcoming": _upcoming(one, place),
    }
    return render(request, "setup/one_day.html", context, status=form.status)


def _on(member: StaffMember, site: Site, day: date) -> dict[str, Any]:
    """What is there on the date: the exception, else the weekly shifts."""
    instead = list(ShiftException.objects.filter(staff_member=member, site=site, date=day))
    if instead:
        hours = [(row.starts, row.ends) for row in instead if row.starts is not None]
        return {"day": day, "hours": hours, "reason": instead[0].reason}
    return {"day": day, "hours": weeks.pattern_of(member, site, day).get(day.weekday(), [])}


def _upcoming(member: StaffMember, site: Site) -> list[ShiftException]:
    today = clock.today(site.zone)
    return list(ShiftException.objects.filter(staff_member=member, site=site, date__gte=today)[:20])


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def away(request: StaffRequest, site: UUID, member: UUID) -> HttpResponse:
    """Days away, at every site where the person works."""
    place, one = _worker_or_404(request, site, member)
    today = clock.today(place.zone)
    data = request.POST if request.method == "POST" else None
    form = AwayForm(data, site=place, initial={"first": _day(request.GET.get("day")) or today})

    def save() -> None:
        values = form.cleaned_data
        clinic_changes.add_closure(
            by=Actor.of(request.user),
            resource=one.resource,
            starts=values["starts"],
            ends=values["ends"],
            reason=values["reason"],
            accepted=form.ticked,
        )

    if saves(request, form, save):
        messages.success(request, f"{one} is away on these days.")
        return redirect(f"{_grid(place)}?week={form.cleaned_data['first'].isoformat()}")
    context = {
        "site": place,
        "member": one,
        "form": form,
        "closures": Closure.objects.filter(resource=one.resource, ends__gt=clock.now())[:20],
    }
    return render(request, "setup/away.html", context, status=form.status)
