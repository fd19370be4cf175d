"""The call list: what a person has to tell, with the words to say, and one next action each."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.contact_points import show_phone
from patients.models import Channel
from scheduling.actions.calls import record_call
from scheduling.desk.calls_forms import USUAL_WAIT, WAITS, OutcomeForm, now_and_until
from scheduling.desk.going_back import back_to
from scheduling.desk.wording import Part, parts_of
from scheduling.messages import selectors
from scheduling.models import Message
from scheduling.selectors import rides_missing
from scheduling.selectors.desk_scope import scope_of
from scheduling.selectors.work_list import counted
from scheduling.when import short_day, time_words

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
    word, note = form.cleaned_data["outcome"], form.cleaned_data["note"]
    until = now_and_until(form, message.site)
    try:
        done = record_call(by=Actor.of(request.user), message=message, outcome=word, note=note, until=until)
    except Refused as error:
        messages.error(request, error.message)
        return back_to(request, "desk:calls")
    if done.state == Message.State.PERSON:
        messages.info(request, f"{done.get_outcome_display().capitalize()}: {_when_again(done)}.")
    else:
        messages.success(request, f"Done: {done.get_outcome_display()}.")
    return back_to(request, "desk:calls")


def _when_again(kept: Message) -> str:
    if kept.call_after is None:
        return "it stays on the list"
    local = clock.local(kept.call_after, kept.site.zone)
    return f"at {time_words(kept.call_after, kept.site.zone)} on {short_day(local.date())} it comes back"


def as_call(message: Message, form: OutcomeForm | None = None) -> Call:
    """A message as it is told: the number as people write it, and the words."""
    number = show_phone(message.address, message.site.country) if message.channel == Channel.CALL else ""
    return Call(message, number, parts_of(message.body), form)


def _list(request: StaffRequest, bound: OutcomeForm | None = None, of: UUID | None = None) -> HttpResponse:
    scope = scope_of(request.user, clock.now())
    page = Paginator(selectors.calls_due(request.user, scope.now), PER_PAGE).get_page(request.GET.get("page"))
    (rides,) = counted([rides_missing.due_keys(scope)])
    context = {
        "page": page,
        "items": [as_call(message, bound if message.pk == of else None) for message in page.object_list],
        "put_off": selectors.calls_put_off(request.user, scope.now),
        "rides": rides,
        "outcomes": Message.Outcome.choices,
        "waits_choices": WAITS,
        "usual_wait": USUAL_WAIT,
    }
    return render(request, "desk/messages/calls.html", context, status=422 if bound is not None else 200)
