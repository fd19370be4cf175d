"""A form that could not be taken: its session had ended, or its record is part of another by now. What was typed waits.

It is kept in the session's row, on the server, for half an hour, for the account that typed it, and shown once: the
page comes back with the form filled in, and nothing is done by it. docs/decisions/unsent-forms.md.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.urls import resolve
from django.utils.datastructures import MultiValueDict
from django.utils.http import url_has_allowed_host_and_scheme

from clinic import clock, desk
from clinic.actions import held_back
from clinic.errors import Elsewhere, Refused

#: How long what was typed waits. A shared desk: long enough to fetch one's password, too short to forget whose it was.
KEEP = timedelta(minutes=30)
#: The most characters that are kept: a long note fits, a flood does not.
MOST = 32_000
_KEY = "unsent"
#: Whose session ended at this browser last.
_LEFT_BY = "left_by"
NOT_SENT = (
    "You had been signed out, so this was not sent and nothing was done. What you typed is here: look it over, and "
    "send it again."
)
NOT_DONE = "You had been signed out, so nothing was done. Please do it again."
ELSEWHERE_NOT_SENT = (
    "{} So this was not sent and nothing was done. What you typed is here: look it over, and send it again."
)
ELSEWHERE_NOT_DONE = "{} So nothing was done. Please look, and do it again here."
#: On the form itself, below what is said above.
SEND_AGAIN = "Not sent yet. Look it over, and send it again."


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send somebody who is not signed in to the sign-in page, and keep what the form had that they sent.

    A part of a page that asks by itself makes the whole page go there, instead of showing the sign-in inside it.
    """
    path = request.get_full_path()
    who = desk.typist(request)
    if request.method == "POST":
        path, data = _sent_from(request)
        if who is not None:
            request.session[_LEFT_BY] = who
            _remember(request, path, data, who, "")
            request.session.set_expiry(int(KEEP.total_seconds()))
    if request.headers.get("HX-Request"):
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = f"{shown.path}?{shown.query}" if shown.query else shown.path
        to = redirect_to_login(path if request.method == "POST" else back or path)
        return HttpResponse(headers={"HX-Redirect": to["Location"]})
    return redirect_to_login(path)


def keep_for(request: HttpRequest, who: str | None, to: str) -> HttpResponse:
    """Ask to sign in, and keep for the account `who` (None: for nobody) what was typed into a form that would have been
    sent to `to`; it came along, beside `lock_path`. The session has been ended already.

    Where nothing can be looked at there, it waits for the page on which the form stood.
    """
    path = to if _can_be_looked_at(to) else _page_before(request) or "/"
    data = _typed(request)
    if data is not None:
        data.pop("lock_path", None)
    if who is not None:
        request.session[_LEFT_BY] = who
        if data:
            _remember(request, path, data, who, "", to)
        request.session.set_expiry(int(KEEP.total_seconds()))
    return redirect_to_login(path)


def after_sign_in(request: HttpRequest, account: str, wanted: str | None) -> str | None:
    """Where `account` goes, who has just signed in; `wanted` where nothing speaks against it.

    To what waits for the same person, whichever way the sign-in page was opened; and home instead of to the page on
    which somebody else handed over.
    """
    left_by, kept = request.session.pop(_LEFT_BY, None), request.session.get(_KEY)
    if kept is not None and kept["who"] == account:
        return str(kept["path"])
    return wanted if left_by in {None, account} else resolve_url(settings.LOGIN_REDIRECT_URL)


def _can_be_looked_at(path: str) -> bool:
    """Whether the address of ours shows a page, and not only takes forms. A staff view is asked as by a stranger, whom
    it sends to the sign-in before it does anything.
    """
    match = resolve(path.partition("?")[0])
    if getattr(match.func, "needs", None) is None:
        return True
    asked = HttpRequest()
    asked.method, asked.path, asked.user = "GET", path, AnonymousUser()
    answer: HttpResponse = match.func(asked, *match.args, **match.kwargs)
    return answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED


def lead_on(request: HttpRequest, gone: Elsewhere) -> HttpResponse:
    """Go to the same page of the record that another is part of by now; a form that was sent waits there."""
    path = request.get_full_path()
    if request.method == "POST":
        path, data = _sent_from(request)
        path = path.replace(str(gone.old), str(gone.new))
        _remember(request, path, data, str(request.user.pk), gone.sentence)
    else:
        path = path.replace(str(gone.old), str(gone.new))
        messages.info(request, gone.sentence)
    return HttpResponse(headers={"HX-Redirect": path}) if request.headers.get("HX-Request") else redirect(path)


def dropped_for_another(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: what another account typed is not shown to whoever signs in next."""
    kept = request.session.get(_KEY)
    if kept is not None and kept.get("who") != str(user.pk):
        del request.session[_KEY]


def waits(request: HttpRequest) -> bool:
    """Whether a form waits to be shown again."""
    return bool(request.session.get(_KEY))


def shown_again(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponse], now: datetime
) -> HttpResponse | None:
    """The page of `view` with the form as it was sent, once; None where nothing waits for this address.

    The view runs as if the form had been sent, but every action refuses, so that it shows the form with what was typed.
    """
    kept = request.session.get(_KEY) if request.method == "GET" else None
    if kept is None or kept["path"] != request.get_full_path() or request.headers.get("HX-Request"):
        return None
    del request.session[_KEY]
    if datetime.fromisoformat(kept["at"]) < now - KEEP:
        return None
    if kept["data"] is None:
        messages.warning(request, _not_done(kept))
        return None
    gone = kept.get("gone")
    if kept.get("to", kept["path"]) != kept["path"]:
        match = resolve(kept["to"].partition("?")[0])
        view = partial(match.func, **match.kwargs)
    # The page says it above its heading (templates/components/messages.html).
    request.unsent = ELSEWHERE_NOT_SENT.format(gone) if gone else NOT_SENT  # type: ignore[attr-defined]
    try:
        with transaction.atomic(), held_back(SEND_AGAIN):
            response = view(_as_sent(request, kept["data"]))
            transaction.set_rollback(True)
    except Refused:
        response = None
    finally:
        request.method = "GET"
    if response is not None and 400 <= response.status_code < 500:
        response.status_code = 200
        return response
    request.unsent = ""  # type: ignore[attr-defined]
    messages.warning(request, _not_done(kept))
    return None


def _not_done(kept: dict[str, Any]) -> str:
    return ELSEWHERE_NOT_DONE.format(kept["gone"]) if kept.get("gone") else NOT_DONE


def _as_sent(request: HttpRequest, data: dict[str, list[str]]) -> HttpRequest:
    sent = QueryDict(mutable=True)
    for name, values in data.items():
        sent.setlist(name, values)
    request.method = "POST"
    request._files = MultiValueDict()  # type: ignore[attr-defined]  # else Django would read the body anew
    request.POST = sent  # type: ignore[assignment]
    return request


def _typed(request: HttpRequest) -> dict[str, list[str]] | None:
    """The fields of the form without secrets; None where there is too much of it.

    A form that was sent for a preview (`look`) comes back as one to be sent, with what was typed.
    """
    data: dict[str, Any] = {
        name: values
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "look"} and "password" not in name.lower()
    }
    if not data or sum(len(name) + sum(map(len, values)) for name, values in data.items()) > MOST:
        return None
    return data


def _sent_from(request: HttpRequest) -> tuple[str, dict[str, list[str]] | None]:
    """The page to come back to, and what its form had; None for a button that stands on another page."""
    origin = _page_before(request)
    if origin is not None and urlsplit(origin).path != request.path:
        return origin, None
    return request.get_full_path(), _typed(request)


def _remember(
    request: HttpRequest, path: str, data: dict[str, list[str]] | None, who: str, gone: str, to: str = ""
) -> None:
    """For the account `who`, to be shown at `path`; `gone` says where the record is now, empty where the session had
    ended; `to` is where the form would have gone, if not to `path`.
    """
    if request.POST:
        request.session[_KEY] = {
            "path": path,
            "at": clock.now().isoformat(),
            "data": data,
            "who": who,
            "gone": gone,
            "to": to or path,
        }


def _page_before(request: HttpRequest) -> str | None:
    """The page of ours that the form stood on, as a path."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}):
        return None
    parts = urlsplit(before)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
