"""One course and its boosters: how the patient does, how often boosters come, and what would move if that changed.

The form is sent twice: first to see what would move (nothing is written), then to agree to exactly what was seen.
"""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs, refuse
from scheduling.actions.boosters import BoosterPreview, preview_interval, set_booster_interval
from scheduling.desk.moving_forms import UNREADABLE
from scheduling.doctor.course import CoursePage
from scheduling.doctor.interval_form import IntervalForm, SeenForm
from scheduling.doctor.letter_form import LetterForm
from scheduling.models import BoosterPlan, Series
from scheduling.selectors.courses import Course, as_course, courses, next_to_read


@require_http_methods(["GET", "POST"])
@needs(Permission.SET_BOOSTERS)
@limited(SEARCHES)
def boosters(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The course of one patient; a POST previews a change of the interval, or with `agree` makes it."""
    course = as_course(opened(get_object_or_404(courses(request.user), pk=pk)))
    page = CoursePage(course, request.GET.get("measure", ""))
    following = _following(request, course.series)
    if request.method != "POST":
        form = IntervalForm(initial=page.proposal | _suggested(request, page))
        return render(
            request,
            "doctor/boosters.html",
            {"page": page, "form": form, "following": following, "letter": LetterForm()},
        )
    form = IntervalForm(request.POST)
    preview = None
    if form.is_valid():
        if "agree" in request.POST and _agree(request, page, form):
            then = f"?then={following.pk}" if following is not None else ""
            return redirect(f"{reverse('doctor:boosters', args=[pk])}{then}")
        preview = _preview(course.series, form)
    context = {
        "page": page,
        "form": form,
        "following": following,
        "letter": LetterForm(),
        "preview": preview,
        "seen": SeenForm.of(preview) if preview else None,
    }
    return render(request, "doctor/boosters.html", context, status=422 if form.errors else 200)


def course_page(request: StaffRequest, course: Course, letter: LetterForm) -> HttpResponse:
    """The course again, with a letter that was not written and what was typed for it."""
    page = CoursePage(course)
    context = {
        "page": page,
        "form": IntervalForm(initial=page.proposal),
        "following": _following(request, course.series),
        "letter": letter,
    }
    return render(request, "doctor/boosters.html", context, status=422)


def _following(request: StaffRequest, series: Series) -> Series | None:
    """Whom the doctor reads next: who came next when the page was opened first, since a decision changes the order."""
    try:
        wanted = UUID(request.GET.get("then", ""))
    except ValueError:
        return next_to_read(request.user, series)
    return courses(request.user).filter(pk=wanted).first() or next_to_read(request.user, series)


def _suggested(request: StaffRequest, page: CoursePage) -> dict[str, object]:
    """The suggestion in the form, where the doctor asked for it; nothing is decided by that."""
    days = page.suggestion.interval_days
    if "suggested" not in request.GET or days is None:
        return {}
    return {"pattern": BoosterPlan.Pattern.FIXED, "interval_days": days, "steps": "", "reason": page.suggestion.words}


def _preview(series: Series, form: IntervalForm) -> BoosterPreview | None:
    """What would move; None when the interval itself is refused, with the reason on the form."""
    try:
        return preview_interval(series=series, now=clock.now(), **form.wanted)
    except Refused as error:
        refuse(form, error)
        return None


def _agree(request: StaffRequest, page: CoursePage, form: IntervalForm) -> bool:
    """Whether the boosters were booked as seen; a refusal is on the form, and a fresh preview follows."""
    data, series, seen = form.cleaned_data, page.series, SeenForm(request.POST)
    if not seen.is_valid():
        form.add_error(None, UNREADABLE)
        return False
    try:
        plan = set_booster_interval(
            by=Actor.of(request.user),
            series=series,
            reason=data["reason"],
            review_on=data["review_on"],
            measure=page.measure,
            **seen.cleaned_data,
            key=data["key"],
            **form.wanted,
        )
    except JustTaken as error:
        form.add_error(None, f"{error.message} Below is what would be booked instead.")
        return False
    except Refused as error:
        refuse(form, error)
        return False
    messages.success(
        request,
        f"Boosters of {series.patient.name} now come {plan.words}. The patient is told once.",
    )
    return True
