"""The ledger as the desk sees it: every message with its state, its text and what was tried; and the sheet of paper."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import Channel
from scheduling.actions import calls
from scheduling.desk.calls_forms import LedgerFilter, ReasonForm
from scheduling.desk.going_back import back_to
from scheduling.desk.sites import patient_or_404, sites_of
from scheduling.desk.wording import parts_of
from scheduling.messages import letters, selectors
from scheduling.messages.history import history_of
from scheduling.messages.look import why_skip
from scheduling.messages.routing import as_it_goes
from scheduling.messages.sheet import sheet_of
from scheduling.models import Message

State = Message.State

PER_PAGE = 50


@require_safe
@needs(Permission.WORK_CALLS)
def ledger(request: StaffRequest) -> HttpResponse:
    """The messages of the user's sites, by state and kind: what was last told on top, what is to come at the end."""
    form = LedgerFilter(request.GET)
    form.is_valid()
    state, kind = (str(form.cleaned_data.get(name) or "") for name in ("state", "kind"))
    of: UUID | None = form.cleaned_data.get("patient")
    patient = patient_or_404(request.user, of) if of else None
    late = bool(form.cleaned_data.get("late"))
    found = selectors.ledger_of(request.user, state=state, kind=kind, patient=patient, late=late)
    counts = selectors.count_by_state(request.user)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
        "state": state,
        "kind": kind,
        "patient": patient,
        "late": late,
        # Each time is told on the clock of its message's site, which is named where there are several.
        "several": len(sites_of(request.user)) > 1,
        "late_count": selectors.ledger_of(request.user, late=True).count(),
        "states": [(value, label, counts.get(value, 0)) for value, label in State.choices],
        "total": sum(counts.values()),
    }
    return render(request, "desk/messages/ledger.html", context)


@require_safe
@needs(Permission.WORK_CALLS)
def message(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One message: the text as it went out, or as it would now, what was tried, and what can be done."""
    return _page(request, opened(get_object_or_404(selectors.one(request.user), pk=pk)))


@require_POST
@needs(Permission.WORK_CALLS)
def send_again(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Put the message back into the queue."""
    return _do(request, pk, calls.send_again, "The message is in the queue again.")


@require_POST
@needs(Permission.WORK_CALLS)
def call_instead(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Put the message on the call list."""
    return _do(request, pk, calls.call_instead, "It comes onto the call list in a moment.")


@require_POST
@needs(Permission.WORK_CALLS)
def write_instead(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take the message off the call list, and write it."""
    return _do(request, pk, calls.write_instead, "It is written, and goes out in a moment.")


@require_POST
@needs(Permission.WORK_CALLS)
def leave_unsent(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take the message out of the work, with a reason."""
    found = get_object_or_404(selectors.one(request.user), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        calls.leave_unsent(by=Actor.of(request.user), message=found, reason=form.cleaned_data["reason"])
    except Refused as error:
        # The state has changed meanwhile, so the page no longer has this form.
        notices.error(request, error.message)
    else:
        notices.success(request, "Left unsent; the reason is kept.")
    return redirect("desk:message", pk)


@require_safe
@needs(Permission.VIEW_PATIENTS)
def sheet(request: StaffRequest, patient: UUID) -> HttpResponse:
    """All dates, the preparation and the rule about the way home on one sheet, in the patient's language, to print."""
    found = patient_or_404(request.user, patient)
    with translation.override(found.language):
        return render(request, "desk/messages/sheet.html", {"sheet": sheet_of(found), "patient": found})


def _do(request: StaffRequest, pk: UUID, act: Callable[..., Message], done: str) -> HttpResponse:
    found = get_object_or_404(Message.objects.for_user(request.user), pk=pk)
    try:
        act(by=Actor.of(request.user), message=found)
    except Refused as error:
        notices.error(request, error.message)
    else:
        notices.success(request, done)
    return back_to(request, "desk:message", pk)


def _page(request: StaffRequest, found: Message, form: ReasonForm | None = None) -> HttpResponse:
    waits = found.state in {State.DUE, State.SENDING}
    against = why_skip(found, clock.now()) if waits else ""
    # What waits is written afresh when it goes; until then the page shows how it would read now.
    preview = letters.preview(as_it_goes(found)) if waits and not against else None
    context = {
        "message": found,
        "preview": preview,
        "words": parts_of(preview.kept if preview is not None else found.body),
        "against": against,
        "history": history_of(found),
        "guardian": selectors.told_instead(found),
        "form": form or ReasonForm(),
        "can_send_again": found.state in calls.ENDED,
        "can_call": found.state in {State.DUE, State.FAILED} and found.channel != Channel.CALL,
        "writes_by": calls.writes_by(found) if found.state == State.PERSON else None,
        "can_leave": found.state in {State.DUE, State.FAILED, State.PERSON},
    }
    return render(request, "desk/messages/message.html", context, status=422 if form is not None else 200)
