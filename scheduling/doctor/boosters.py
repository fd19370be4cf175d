"""One course and its boosters: how the patient does, how often boosters come, and what would move if that changed.

The form is sent twice: first to see what would move (nothing is written), then to agree to exactly what was seen.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.boosters import BoosterPreview, preview_interval, set_booster_interval
from scheduling.doctor.course import CoursePage
from scheduling.doctor.forms import IntervalForm
from scheduling.models import Series
from scheduling.selectors.courses import as_course, courses


@require_http_methods(["GET", "POST"])
@needs(Permission.SET_BOOSTERS)
def boosters(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The course of one patient; a POST previews a change of the interval, or with `agree` makes it."""
    course = as_course(opened(get_object_or_404(courses(request.user), pk=pk)))
    page = CoursePage(course, request.GET.get("measure", ""))
    if request.method != "POST":
        form = IntervalForm(initial=page.proposal)
        return render(request, "doctor/boosters.html", {"page": page, "form": form})
    form = IntervalForm(request.POST)
    preview = None
    if form.is_valid():
        if "agree" in request.POST and _agree(request, course.series, form):
            return redirect("doctor:boosters", pk=pk)
        preview = _preview(course.series, form)
    context = {
        "page": page,
        "form": form,
        "preview": preview,
        "seen": [one.isoformat() for one in preview.starts] if preview else [],
    }
    return render(request, "doctor/boosters.html", context, status=422 if form.errors else 200)


def _preview(series: Series, form: IntervalForm) -> BoosterPreview | None:
    """What would move; None when the interval itself is refused, with the reason on the form."""
    data = form.cleaned_data
    try:
        return preview_interval(
            series=series,
            interval_days=data["interval_days"],
            tolerance_days=data["tolerance_days"],
            now=clock.now(),
        )
    except Refused as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None


def _agree(request: StaffRequest, series: Series, form: IntervalForm) -> bool:
    """Whether the boosters were booked as seen; a refusal is on the form, and a fresh preview follows."""
    data = form.cleaned_data
    try:
        set_booster_interval(
            by=Actor.of(request.user),
            series=series,
            interval_days=data["interval_days"],
            tolerance_days=data["tolerance_days"],
            reason=data["reason"],
            starts=_starts(request.POST.getlist("starts")),
            key=data["key"],
        )
    except JustTaken as error:
        form.add_error(None, f"{error.message} Below is what would be booked instead.")
        return False
    except Refused as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return False
    messages.success(
        request,
        f"Boosters of {series.patient.name} now come every {data['interval_days']} days. The patient is told once.",
    )
    return True


def _starts(values: Sequence[str]) -> list[datetime]:
    """The times that the page showed. Raises Refused when the page was tampered with."""
    try:
        starts = [datetime.fromisoformat(value) for value in values]
    except ValueError as error:
        raise Refused("The times on this page are damaged. Nothing was changed; look at the change again.") from error
    if any(moment.tzinfo is None for moment in starts):
        raise Refused("The times on this page are damaged. Nothing was changed; look at the change again.")
    return starts
