"""Making one record of two: choose the other one, look at both side by side, say which stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import User
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients import actions
from patients.contact_points import show_phone
from patients.models import Patient
from patients.search import LONGEST, alike, possible_duplicates, search
from scheduling.desk.patients_forms import ActionForm
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Appointment, Message

#: People offered as the other record.
OFFERED = 10
#: What of each record is counted, in words.
COUNTED = ("Visits to come", "Visits in all", "Messages", "Contacts")


class MergeForm(ActionForm):
    """Which of the two stays, and how it is known that they are one."""

    other = forms.UUIDField(widget=forms.HiddenInput)
    keep = forms.ChoiceField(
        label="Which record stays?",
        choices=[("this", "this"), ("other", "other")],
        error_messages={"required": "Choose which record stays."},
    )
    reason = forms.CharField(
        label="How do you know that it is the same person?",
        max_length=400,
        help_text="For example: same birth date, and confirmed on the telephone. It is kept on the record.",
        error_messages={"required": "Say how you know; it is kept on the record."},
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of both records; `differs` where they say different things."""

    word: str
    this: str
    other: str

    @property
    def differs(self) -> bool:
        """Whether both say something, and not the same."""
        return bool(self.this and self.other) and self.this != self.other


@require_http_methods(["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
@limited(SEARCHES)
def merge(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Without `other`: who may be the same person, and a search. With it: both side by side; a POST merges them."""
    this = patient_or_404(request.user, pk)
    form = MergeForm(request.POST if request.method == "POST" else None)
    other = _other(request.user, this, request.POST.get("other") or request.GET.get("other", ""))
    if request.method == "POST" and other is not None and form.is_valid():
        kept, gone = (this, other) if form.cleaned_data["keep"] == "this" else (other, this)
        try:
            actions.merge_patients(by=Actor.of(request.user), kept=kept, other=gone, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, f"Record {gone.record_number} is now part of record {kept.record_number}.")
            return redirect("desk:patient", kept.pk)
    text = request.GET.get("q", "")[:LONGEST].strip()
    context: dict[str, Any] = {"patient": this, "other": other, "form": form, "q": text}
    if other is not None:
        context["lines"] = _side_by_side(request.user, this, other)
    else:
        context |= {
            "people": _candidates(request.user, this, text),
            "country": shared_sites(request.user, this)[0].country,
        }
    status = form.status if other is not None or request.method == "GET" else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "desk/patients/merge.html", context, status=status)


def _other(user: User, this: Patient, typed: str) -> Patient | None:
    try:
        wanted = UUID(typed)
    except ValueError:
        return None
    found = Patient.objects.for_user(user).filter(pk=wanted).exclude(pk=this.pk).first()
    return opened(found) if found is not None else None


def _candidates(user: User, this: Patient, text: str) -> list[Patient]:
    """Whom the search finds; without one, who may be the same person."""
    if text:
        found = list(search(user, text)[: OFFERED + 1]) or alike(user, text)
    else:
        found = possible_duplicates(
            user,
            given_name=this.given_name,
            family_name=this.family_name,
            birth_date=this.birth_date,
            phone=this.phone,
            email=this.email,
        )
    return [person for person in found if person.pk != this.pk][:OFFERED]


def _side_by_side(user: User, this: Patient, other: Patient) -> Sequence[Line]:
    site = shared_sites(user, this)[0]
    country, zone = site.country, site.zone
    return [
        Line("Name", this.name, other.name),
        Line("Born", _date(this.birth_date), _date(other.birth_date)),
        Line("Telephone", show_phone(this.phone, country), show_phone(other.phone, country)),
        Line("Email", this.email, other.email),
        Line("Language", this.get_language_display(), other.get_language_display()),
        Line("Interpreter", this.interpreter, other.interpreter),
        Line("Address", _address(this), _address(other)),
        Line("Note", this.note, other.note),
        Line("Known since", *(_date(clock.local(one.created_at, zone).date()) for one in (this, other))),
        *(
            Line(word, str(mine), str(theirs))
            for word, mine, theirs in zip(COUNTED, _numbers(this), _numbers(other), strict=True)
        ),
    ]


def _numbers(patient: Patient) -> tuple[int, ...]:
    """How many there are of each of COUNTED. Four short queries: one over all would multiply the rows."""
    visits = Appointment.objects.filter(patient=patient)
    to_come = visits.filter(status__in=[Appointment.Status.PROPOSED, Appointment.Status.BOOKED])
    told = Message.objects.filter(patient=patient)
    return to_come.count(), visits.count(), told.count(), patient.contacts.count()


def _date(day: date) -> str:
    return formats.date_format(day, "F j, Y")


def _address(patient: Patient) -> str:
    return ", ".join(part for part in (patient.address_line, f"{patient.postal_code} {patient.city}".strip()) if part)
