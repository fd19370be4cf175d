"""Home: what needs doing now, for each role its own list."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.permissions import Permission, Role
from clinic.views import StaffRequest, needs
from scheduling.desk.calls_forms import USUAL_WAIT, WAITS
from scheduling.desk.home_sections import sections_of
from scheduling.messages.waiting import overdue
from scheduling.models import Message
from scheduling.selectors.desk_scope import scope_of
from scheduling.selectors.work_counts import remember_work
from scheduling.selectors.work_list import work_list


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
    if Role.SUPPORT in roles:
        return redirect("support:index")
    return render(request, "desk/no_site.html")


@require_safe
@needs(Permission.BOOK)
def work(request: StaffRequest) -> HttpResponse:
    """The front desk's work list, which the others who may book can open too."""
    scope = scope_of(request.user, clock.now())
    work = work_list(scope)
    remember_work(scope, work)
    context = {
        "work": work,
        "sections": sections_of(work),
        "overdue": overdue(),
        "now": scope.now,
        "outcomes": Message.Outcome.choices,
        "waits_choices": WAITS,
        "usual_wait": USUAL_WAIT,
    }
    return render(request, "desk/home.html", context)
