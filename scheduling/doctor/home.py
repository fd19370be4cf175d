"""The doctor's work list: what was asked at the chairs, who cannot start, which clearances and boosters wait."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.pausing import see_change
from scheduling.models import CourseChange
from scheduling.selectors.alerts import alerts_waiting
from scheduling.selectors.asked import questions_waiting, without_order
from scheduling.selectors.clearances import blocked_here, waiting_clearances
from scheduling.selectors.course_changes import unseen_changes
from scheduling.selectors.courses import as_course, in_maintenance, to_decide
from scheduling.selectors.work_counts import remember_decisions

#: Courses in maintenance on one page.
PAGE = 50


@require_POST
@needs(Permission.SET_BOOSTERS)
def seen(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The doctor has read that a course was paused or stopped."""
    change = get_object_or_404(CourseChange.objects.for_user(request.user).select_related("series__patient"), pk=pk)
    see_change(by=Actor.of(request.user), change=change)
    return redirect("doctor:home")


@require_safe
@needs(Permission.DECIDE_CLEARANCE, Permission.SET_BOOSTERS)
def home(request: StaffRequest) -> HttpResponse:
    """What a doctor has to decide now, most urgent first."""
    page = Paginator(in_maintenance(request.user), PAGE).get_page(request.GET.get("page"))
    waiting, undecided = waiting_clearances(request.user), to_decide(request.user)
    remember_decisions(request.user, clock.now(), len(waiting) + len(undecided))
    context = {
        "alerts": alerts_waiting(request.user),
        "asked": questions_waiting(request.user),
        "blocked": blocked_here(request.user),
        "unordered": without_order(request.user),
        "waiting": waiting,
        "to_decide": undecided,
        "changed": unseen_changes(request.user),
        "page": page,
        "maintenance": [as_course(series) for series in page.object_list],
    }
    return render(request, "doctor/home.html", context)
