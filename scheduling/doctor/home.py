"""The doctor's work list: what was asked at the chairs, who cannot start, which clearances and boosters wait."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.selectors.asked import questions_waiting, without_order
from scheduling.selectors.clearances import blocked_here, waiting_clearances
from scheduling.selectors.courses import as_course, in_maintenance, to_decide
from scheduling.selectors.work_counts import remember_decisions

#: Courses in maintenance on one page.
PAGE = 50


@require_safe
@needs(Permission.DECIDE_CLEARANCE, Permission.SET_BOOSTERS)
def home(request: StaffRequest) -> HttpResponse:
    """What a doctor has to decide now, most urgent first."""
    page = Paginator(in_maintenance(request.user), PAGE).get_page(request.GET.get("page"))
    waiting, undecided = waiting_clearances(request.user), to_decide(request.user)
    remember_decisions(request.user, clock.now(), len(waiting) + len(undecided))
    context = {
        "asked": questions_waiting(request.user),
        "blocked": blocked_here(request.user),
        "unordered": without_order(request.user),
        "waiting": waiting,
        "to_decide": undecided,
        "page": page,
        "maintenance": [as_course(series) for series in page.object_list],
    }
    return render(request, "doctor/home.html", context)
