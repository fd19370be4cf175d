"""Visits left without cover: what is proposed for all of them on one page, agreed to as a whole or in parts."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site, User
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, form_status, needs
from scheduling.actions import rescue
from scheduling.desk.rescue_forms import UNREADABLE, AgreeForm, Chosen, read_choices
from scheduling.desk.sites import site_or_404
from scheduling.models import Appointment
from scheduling.selectors.rescue_plan import Case, SiteRescue, propose, what_happened


@dataclass(frozen=True, slots=True)
class Row:
    """A case as the page shows it. `steps`: for each visit what the form sends. `choice`: what is ticked."""

    case: Case
    steps: tuple[str, ...]
    choice: str


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def without_cover(request: StaffRequest, site: UUID) -> HttpResponse:
    """The proposals for everything without cover at the site; a POST agrees to those that are taken."""
    place = site_or_404(request.user, site)
    form = AgreeForm(request.POST if request.method == "POST" else None, initial={"key": uuid4()})
    chosen = Chosen()
    if request.method == "POST" and form.is_valid():
        try:
            chosen = read_choices(request.POST)
            _check_here(request.user, place, chosen)
            agreed = rescue.agree_rescue(
                by=Actor.of(request.user),
                proposals=chosen.proposals,
                reason=form.cleaned_data["reason"],
                key=form.cleaned_data["key"],
                versions=chosen.versions,
                to_call=chosen.to_call,
            )
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _said(agreed))
            return redirect("desk:rescue", place.pk)
    plan = propose(place, clock.now())
    form.fields["reason"].initial = what_happened(plan)[:200]
    context = {"site": place, "form": form, "plan": plan, "today": clock.today(place.zone), **_rows(plan, chosen)}
    return render(request, "desk/rescue/rescue.html", context, status=form_status(form))


def _check_here(user: User, site: Site, chosen: Chosen) -> None:
    """Raise ValidationError where the list names a visit that is not at this site of the user's."""
    here = Appointment.objects.for_user(user).filter(site=site, pk__in=chosen.proposals)
    if here.count() != len(chosen.proposals):
        raise ValidationError(UNREADABLE)


def _rows(plan: SiteRescue, chosen: Chosen) -> dict[str, list[Row]]:
    """The cases by group; those without a place are to be called about, unless something else was chosen before."""
    return {
        "left": [_row(case, "call", chosen) for case in plan.left],
        "moves": [_row(case, "take", chosen) for case in plan.moves],
        "taken_over": [_row(case, "take", chosen) for case in plan.taken_over],
    }


def _row(case: Case, usual: str, chosen: Chosen) -> Row:
    steps = tuple(
        f"{step.visit.pk} {step.visit.version} {step.new_starts.isoformat() if step.new_starts is not None else '-'}"
        for step in case.steps
    )
    return Row(case, steps, chosen.choices.get(case.name, usual))


def _said(agreed: rescue.Agreed) -> str:
    counted = (
        (agreed.taken_over, "%d visit keeps its time with others.", "%d visits keep their times with others."),
        (agreed.moved, "%d visit has a new time; the patient is told.", "%d visits have new times; patients are told."),
        (agreed.left, "%d visit is left without cover.", "%d visits are left without cover."),
    )
    said = [ngettext(one, several, count) % count for count, one, several in counted if count]
    return " ".join(said) or "Nothing was chosen, so nothing was changed."
