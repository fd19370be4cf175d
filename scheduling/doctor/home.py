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
from scheduling.selectors.alerts import alerts_waiting, bare_totals
from scheduling.selectors.asked import questions_waiting, without_order
from scheduling.selectors.clearances import blocked_here, waiting_clearances
from scheduling.selectors.course_changes import unseen_changes
from scheduling.selectors.courses import courses_of, in_maintenance, undecided
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
    user, now = request.user, clock.now()
    page = Paginator(in_maintenance(user), PAGE).get_page(request.GET.get("page"))
    waiting, to_decide = waiting_clearances(user), undecided(user)
    courses = courses_of(user, [*to_decide, *page.object_list])
    remember_decisions(user, now, len(waiting) + len(to_decide))
    context = {
        "alerts": alerts_waiting(user),
        "bare_totals": bare_totals(user),
        "asked": questions_waiting(user),
        "blocked": blocked_here(user),
        "unordered": without_order(user),
        "waiting": waiting,
        "to_decide": [courses[pk] for pk in to_decide if pk in courses],
        "changed": unseen_changes(user),
        "page": page,
        "maintenance": [courses[pk] for pk in page.object_list if pk in courses],
    }
    return render(request, "doctor/home.html", context)
