"""Home: what needs doing now, for each role its own list."""

from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Closure, Site, StaffMember
from clinic.permissions import Permission, Role
from clinic.views import StaffRequest, needs
from scheduling.models import Protocol
from scheduling.selectors.work_list import RIDES_AHEAD, work_list

#: How far ahead the manager's page lists closures.
CLOSURES_AHEAD = timedelta(days=60)


@require_safe
@needs()
def home(request: StaffRequest) -> HttpResponse:
    """Each role lands on its own work; who has several starts at the first of these, the others one click away."""
    roles = request.user.roles
    if Role.FRONT_DESK in roles:
        return redirect("desk:work")
    if Role.DOCTOR in roles:
        return redirect("doctor:home")
    if Role.NURSE in roles:
        return redirect("nurse:home")
    if Role.MANAGER in roles:
        return redirect("desk:setup")
    return render(request, "desk/no_site.html")


@require_safe
@needs(Permission.BOOK)
def work(request: StaffRequest) -> HttpResponse:
    """The front desk's work list, which the others who may book can open too."""
    now = clock.now()
    context = {"work": work_list(request.user, now), "now": now, "ride_days": RIDES_AHEAD.days}
    return render(request, "desk/home.html", context)


@require_safe
@needs(Permission.MANAGE_CLINIC)
def setup(request: StaffRequest) -> HttpResponse:
    """What the clinic is made of: sites with their hours, chairs, people, protocols and closures to come."""
    now = clock.now()
    sites = list(
        Site.objects.filter(pk__in=Site.objects.for_user(request.user))
        .prefetch_related("opening_hours")
        .annotate(
            chair_count=Count("resources", filter=Q(resources__is_active=True), distinct=True),
            staff_count=Count("staff", filter=Q(staff__is_active=True), distinct=True),
            patient_count=Count("patients", distinct=True),
        )
    )
    closures = Closure.objects.filter(Q(site__in=sites) | Q(resource__site__in=sites), ends__gt=now)
    context = {
        "sites": sites,
        "staff": StaffMember.objects.for_user(request.user)
        .filter(is_active=True)
        .select_related("resource", "user")
        .prefetch_related("role_rows", "sites"),
        "protocols": Protocol.objects.for_user(request.user).prefetch_related("versions__phases", "sites"),
        "closures": closures.filter(starts__lt=now + CLOSURES_AHEAD).select_related("site", "resource__site"),
    }
    return render(request, "desk/setup.html", context)
