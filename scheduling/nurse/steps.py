"""How every step of a visit is taken: one visit in sight of the user, one form, one action, and back to the page.

A step that is refused shows the visit's page again with what was typed.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import User
from clinic.views import StaffRequest
from scheduling.models import Appointment
from scheduling.nurse.forms import VisitForm
from scheduling.nurse.visit_page import VisitPage

F = TypeVar("F", bound=VisitForm)
#: What is said when a step was taken: words, or how to find them when it was.
Done = str | Callable[[Appointment], str]


def visit_of(user: User, pk: UUID) -> Appointment:
    """The visit with all that its page shows, where the user may see it; a 404 page otherwise."""
    return get_object_or_404(
        Appointment.objects.for_user(user)
        .select_related(
            "site",
            "patient",
            "series",
            "practitioner",
            "protocol_version__protocol",
            "record__chair",
            "record__nurse",
            "record__handed_to",
            "record__doctor_told",
            "ride__companion",
            "ride__waived_by",
        )
        .prefetch_related("protocol_version__phases"),
        pk=pk,
    )


def show(request: StaffRequest, found: Appointment, refused: Form | None = None) -> HttpResponse:
    """The visit's page; `refused` is the form that an action or its own fields refused, as it was typed."""
    page = VisitPage(found, request.user, refused)
    return render(request, "nurse/visit.html", {"page": page, "visit": found}, status=422 if refused else 200)


def step(
    request: StaffRequest,
    pk: UUID,
    form_class: type[F],
    act: Callable[[Actor, Appointment, F], object],
    done: Done,
    *,
    part: str = "",
) -> HttpResponse:
    """One form about one visit: check it, act, go back to that part of the page; or show the page with the reasons."""
    found = visit_of(request.user, pk)
    form = form_class(request.POST, visit=found)
    return take(request, found, form, lambda by: act(by, found, form), done, part=part)


def take(
    request: StaffRequest, found: Appointment, form: VisitForm, act: Callable[[Actor], object], done: Done, *, part: str
) -> HttpResponse:
    """What `step` does, with a form that is made already."""
    if form.is_valid():
        try:
            act(Actor.of(request.user))
        except Refused as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, done if isinstance(done, str) else done(found))
            return back(request, found, part)
    return show(request, found, form)


def button(
    request: StaffRequest, found: Appointment, act: Callable[[Actor], object], done: str, *, part: str = ""
) -> HttpResponse:
    """One button without fields: a refusal is a notice on the page that one comes back to."""
    try:
        act(Actor.of(request.user))
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, done)
    return back(request, found, part)


def back(request: HttpRequest, found: Appointment, part: str = "") -> HttpResponse:
    """To the page of this site that the form names in `next`, else to (that part of) the visit."""
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return redirect(wanted)
    address = reverse("nurse:visit", args=[found.pk])
    return redirect(f"{address}#{part}" if part else address)
