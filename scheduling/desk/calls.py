"""The call list: what a person has to tell, with the words to say, and one next action each."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.contact_points import show_phone
from patients.models import Channel
from scheduling.actions.calls import record_call
from scheduling.desk.calls_forms import OutcomeForm
from scheduling.desk.wording import Part, parts_of
from scheduling.messages import selectors
from scheduling.models import Message

#: Calls on one page: about an hour's work.
PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One entry of the list: the number as people write it, the words, and the form where it came back with errors."""

    message: Message
    number: str
    words: list[Part]
    form: OutcomeForm | None


@require_safe
@needs(Permission.WORK_CALLS)
def calls(request: StaffRequest) -> HttpResponse:
    """Everything that somebody has to tell by telephone or letter now."""
    return _list(request)


@require_POST
@needs(Permission.WORK_CALLS)
def outcome(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Write down what came of one call; without a choice the list comes back with what was typed."""
    message = get_object_or_404(Message.objects.for_user(request.user), pk=pk)
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        return _list(request, form, pk)
    try:
        done = record_call(by=Actor.of(request.user), message=message, **form.cleaned_data)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("desk:calls")
    if done.state == Message.State.PERSON:
        messages.info(request, f"Kept on the list: {done.get_outcome_display()}.")
    else:
        messages.success(request, f"Done: {done.get_outcome_display()}.")
    return redirect("desk:calls")


def _list(request: StaffRequest, bound: OutcomeForm | None = None, of: UUID | None = None) -> HttpResponse:
    page = Paginator(selectors.calls_to_make(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "items": [_call(message, bound if message.pk == of else None) for message in page.object_list],
        "outcomes": Message.Outcome.choices,
    }
    return render(request, "desk/messages/calls.html", context, status=422 if bound is not None else 200)


def _call(message: Message, form: OutcomeForm | None) -> Call:
    number = show_phone(message.address, message.site.country) if message.channel == Channel.CALL else ""
    return Call(message, number, parts_of(message.body), form)
