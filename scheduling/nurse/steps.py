"""How every step of a visit is taken: one visit in sight of the user, one form, one action, and back to the page.

A step that is refused shows the visit's page again with what was typed.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import User
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs, refuse
from clinic.views import back as back_to
from scheduling.models import Appointment
from scheduling.nurse.forms import VisitForm
from scheduling.nurse.visit_page import VisitPage
from scheduling.selectors.visits import SHOWN

#: An action on one visit: it takes `by`, `appointment` and the facts of a form by keyword, and raises Refused.
Act = Callable[..., object]
#: What is said when a step was taken: words, or how to find them in what the action gave back.
Done = str | Callable[[Any], str]


class Warned(str):
    """What is said of a step that was taken, when it is no reason to be glad."""

    __slots__ = ()


def visit_of(user: User, pk: UUID) -> Appointment:
    """The visit with all that its page shows, where the user may see it; a 404 page otherwise."""
    found = get_object_or_404(
        Appointment.objects.for_user(user)
        .select_related(*SHOWN, "record__handed_to", "record__doctor_told", "ride__waived_by")
        .prefetch_related("protocol_version__phases"),
        pk=pk,
    )
    return opened(found)


def show(request: StaffRequest, found: Appointment, refused: Form | None = None) -> HttpResponse:
    """The visit's page; `refused` is the form that an action or its own fields refused, as it was typed."""
    page = VisitPage(found, request.user, refused)
    return render(request, "nurse/visit.html", {"page": page, "visit": found}, status=422 if refused else 200)


def step(
    permission: Permission, form_class: type[VisitForm], act: Act, done: Done, *, part: str = ""
) -> Callable[..., HttpResponse]:
    """A view of one form about one visit: check it, act, go back to that part of the page; or show the page with the
    reasons.
    """

    @require_POST
    @needs(permission)
    def view(request: StaffRequest, pk: UUID) -> HttpResponse:
        found = visit_of(request.user, pk)
        return take(request, found, form_class(request.POST, visit=found), act, done, part=part)

    return view


def button(permission: Permission, act: Act, done: Done, *, part: str = "") -> Callable[..., HttpResponse]:
    """A view of one button without fields: a refusal is a notice on the page that one comes back to."""

    @require_POST
    @needs(permission)
    def view(request: StaffRequest, pk: UUID) -> HttpResponse:
        return press(request, visit_of(request.user, pk), act, done, part=part)

    return view


def take(
    request: StaffRequest, found: Appointment, form: VisitForm, act: Act, done: Done, *, part: str = ""
) -> HttpResponse:
    """What a `step` does, with a form that is made already."""
    if form.is_valid():
        try:
            given = act(by=Actor.of(request.user), appointment=found, **form.facts)
        except Refused as error:
            refuse(form, error)
        else:
            _say(request, done, given)
            return back(request, found, part)
    return show(request, found, form)


def press(request: StaffRequest, found: Appointment, act: Act, done: Done, *, part: str = "") -> HttpResponse:
    """What a `button` does, with a visit that is found already."""
    try:
        given = act(by=Actor.of(request.user), appointment=found)
    except Refused as error:
        messages.error(request, error.message)
    else:
        _say(request, done, given)
    return back(request, found, part)


def _say(request: StaffRequest, done: Done, given: object) -> None:
    words = done if isinstance(done, str) else done(given)
    messages.add_message(request, messages.WARNING if isinstance(words, Warned) else messages.SUCCESS, words)


def back(request: HttpRequest, found: Appointment, part: str = "") -> HttpResponse:
    """To the page of this site that the form names in `next`, else to (that part of) the visit."""
    return back_to(request, "nurse:visit", found.pk, part=part)
