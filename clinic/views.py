"""How every staff view is declared: with the permission that it needs."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clinic import clock, opening, unsent
from clinic.errors import Refused
from clinic.models import User
from clinic.permissions import Permission

P = ParamSpec("P")
#: What a URL pattern takes: the request, and what the address names.
View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request whose user is known to be signed in."""

    user: User


def needs(*permissions: Permission) -> Callable[[Callable[Concatenate[StaffRequest, P], HttpResponse]], View]:
    """Let in who is signed in and holds every one of `permissions` (PermissionDenied, a 403 page, otherwise).

    Whoever is not signed in is asked to; a form that they sent waits for them (clinic.unsent). Whose record the page
    showed goes on the audit trail (clinic.opening).

    The view carries them as `.needs`, so that the sweep test can compare what is declared with what happens.
    """

    def decorate(view: Callable[Concatenate[StaffRequest, P], HttpResponse]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return unsent.ask_to_sign_in(request)
            if not all(request.user.may(permission) for permission in permissions):
                raise PermissionDenied
            with opening.watched() as shown:
                response = _shown_again(request, view, *args, **kwargs)
                if response is None:
                    response = view(cast(StaffRequest, request), *args, **kwargs)
            opening.record(request, response, shown, request.user)
            return response

        inside: View = guarded
        inside.needs = frozenset(permissions)  # type: ignore[attr-defined]
        return inside

    return decorate


def _shown_again(
    request: HttpRequest, view: Callable[..., HttpResponse], *args: object, **kwargs: object
) -> HttpResponse | None:
    """The page with a form that could not be taken before, if one waits for it."""
    if not unsent.waits(request):
        return None
    return unsent.shown_again(request, lambda sent: view(sent, *args, **kwargs), clock.now())


def refuse(form: forms.BaseForm, error: Refused) -> None:
    """Show on a form why an action refused, beside the field that it speaks of where the form has one."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


def form_status(form: forms.BaseForm | None) -> HTTPStatus:
    """Of a page that shows the form: 422 where what was sent is refused."""
    is_refused = form is not None and form.is_bound and form.errors
    return HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def public(view: View) -> View:
    """Mark a view that is meant for people without an account; the sweep test accepts no unmarked one."""
    view.needs = None  # type: ignore[attr-defined]
    return view


def back(request: HttpRequest, name: str, *args: object, part: str = "") -> HttpResponseRedirect:
    """To the page of this site that the form names in `next`, else to (that part of) the address called `name`."""
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return HttpResponseRedirect(wanted)
    address = reverse(name, args=args)
    return HttpResponseRedirect(f"{address}#{part}" if part else address)
