"""The table of codes that raise flags: to find one, change it, add one, or take one out."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, form_status, needs, refuse
from patients.actions import add_flag_code, remove_flag_code
from patients.models import FlagCode, FlagKind
from scheduling.doctor.flag_code_form import FindCodeForm, FlagCodeForm


@require_http_methods(["GET", "POST"])
@needs(Permission.DECIDE_CLEARANCE)
def flag_codes(request: StaffRequest) -> HttpResponse:
    """The codes that were looked for, and a form that adds one or changes the one that was chosen (`change`)."""
    chosen = _chosen(request)
    form = FlagCodeForm(request.POST or None, initial=FlagCodeForm.values_of(chosen) if chosen else None)
    if request.method == "POST" and "remove" in request.POST and chosen is not None:
        remove_flag_code(by=Actor.of(request.user), row=chosen)
        messages.success(request, f"{chosen} raises no flag any more; the flags that it had raised are withdrawn.")
        return redirect("doctor:flag_codes")
    if request.method == "POST" and form.is_valid():
        try:
            row = add_flag_code(by=Actor.of(request.user), **form.cleaned_data)
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{row} raises the flag “{row.get_kind_display()}”. {_looked_again(row)}")
            return redirect("doctor:flag_codes")
    find = FindCodeForm(request.GET)
    context = {"codes": _found(find), "form": form, "find": find, "chosen": chosen}
    return render(request, "doctor/flag_codes.html", context, status=form_status(form))


def _chosen(request: HttpRequest) -> FlagCode | None:
    """The code that the page is asked to change. Raises Http404 where there is none such."""
    asked = request.GET.get("change", "")
    return get_object_or_404(FlagCode, pk=int(asked)) if asked.isascii() and asked.isdigit() else None


def _found(find: FindCodeForm) -> list[FlagCode]:
    """The codes whose meaning or code has every word looked for, of the kind that was chosen, in order of kind."""
    rows = FlagCode.objects.order_by("kind", "display")
    if not find.is_valid():
        return list(rows)
    for word in find.cleaned_data["q"].split():
        rows = rows.filter(Q(display__icontains=word) | Q(code__istartswith=word))
    kind = find.cleaned_data["kind"]
    # In the words that are read, not in those that are stored.
    order = {one.value: number for number, one in enumerate(sorted(FlagKind, key=lambda one: str(one.label)))}
    return sorted(rows.filter(kind=kind) if kind else rows, key=lambda row: order[row.kind])


def _looked_again(row: FlagCode) -> str:
    if row.system == FlagCode.MEDICINE:
        return "What patients have written of their medicines was looked at again."
    return "Conditions already imported were looked at again."
