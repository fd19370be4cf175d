"""Home: what needs doing now, for each role its own list."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.permissions import Permission, Role
from clinic.views import StaffRequest, needs
from scheduling.selectors.work_list import RIDES_AHEAD, work_list


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
        return redirect("setup:home")
    return render(request, "desk/no_site.html")


@require_safe
@needs(Permission.BOOK)
def work(request: StaffRequest) -> HttpResponse:
    """The front desk's work list, which the others who may book can open too."""
    now = clock.now()
    context = {"work": work_list(request.user, now), "now": now, "ride_days": RIDES_AHEAD.days}
    return render(request, "desk/home.html", context)
