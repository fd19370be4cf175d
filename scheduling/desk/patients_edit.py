"""Adding and changing patients and their contacts."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.errors import Refused, Stale
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients import actions
from patients.contact_points import read_phone
from patients.models import Contact, Patient
from patients.search import possible_duplicates
from scheduling.desk.booking_requests import asked_for, person_of
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.patients_forms import (
    ActionForm,
    ContactForm,
    DeathForm,
    EditContactForm,
    EditPatientForm,
    NewPatientForm,
)
from scheduling.desk.sites import patient_or_404, sites_of
from scheduling.selectors import changes

READ_AND_WRITE = ["GET", "POST"]


@require_http_methods(READ_AND_WRITE)
@needs(Permission.EDIT_PATIENTS)
def new(request: StaffRequest) -> HttpResponse:
    """Add a patient. Somebody who may be known already is shown before anything is saved."""
    sites = sites_of(request.user)
    if not sites:
        return render(request, "desk/no_site.html")
    asked = asked_for(request)
    start = person_of(asked) if asked is not None else None
    form = NewPatientForm(request.POST if request.method == "POST" else None, sites=sites, initial=start)
    likely: list[Patient] = []
    if request.method == "POST" and form.is_valid():
        likely = _known_already(request, form)
        if not likely:
            values = dict(form.cleaned_data)
            values.pop("anyway")
            try:
                patient = actions.register_patient(by=Actor.of(request.user), **values)
            except Refused as error:
                form.refuse(error)
            else:
                messages.success(request, f"{patient.name} is added, with record number {patient.record_number}.")
                if asked is not None:
                    return redirect(f"{reverse('desk:book_consult', args=[patient.pk])}?request={asked.pk}")
                return redirect("desk:patient", patient.pk)
    context = {"form": form, "likely": likely, "country": sites[0].country}
    status = HTTPStatus.CONFLICT if likely else form.status
    return render(request, "desk/patients/new.html", context, status=status)


def _known_already(request: StaffRequest, form: NewPatientForm) -> list[Patient]:
    """Patients who may be this one, unless the clerk has said that they are not, or it is this form sent twice."""
    values = form.cleaned_data
    if values["anyway"]:
        return []
    found = possible_duplicates(
        request.user,
        given_name=values["given_name"],
        family_name=values["family_name"],
        birth_date=values["birth_date"],
        phone=read_phone(values["phone"], values["site"].country) or "",
        email=values["email"],
    )
    return [] if any(person.pk == values["key"] for person in found) else found


@require_http_methods(READ_AND_WRITE)
@needs(Permission.EDIT_PATIENTS)
def edit(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Change who a patient is and how to reach him or her."""
    patient = patient_or_404(request.user, pk)
    names = list(EditPatientForm.base_fields)
    form = with_caller(
        EditPatientForm(
            request.POST if request.method == "POST" else None, initial={name: getattr(patient, name) for name in names}
        ),
        patient,
    )
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "caller"}
        try:
            actions.change_patient(by=asked_by(request.user, form, patient), patient=patient, **values)
        except Refused as error:
            form.refuse(error)
            patient = patient_or_404(request.user, pk)
            if isinstance(error, Stale):
                form.see_again("version", patient.version)
        else:
            messages.success(request, "Saved.")
            return redirect("desk:patient", pk)
    return _page(request, "desk/patients/edit.html", form, patient=patient)


@require_http_methods(READ_AND_WRITE)
@needs(Permission.EDIT_PATIENTS)
def death(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Record that a patient has died."""
    patient = patient_or_404(request.user, pk)
    form = DeathForm(request.POST if request.method == "POST" else None, initial={"on": patient.deceased_at})
    by = Actor.of(request.user)
    if form.carried_out(lambda: actions.record_death(by=by, patient=patient, on=form.cleaned_data["on"])):
        has_died = form.cleaned_data["on"] is not None
        said = "Recorded. Nothing more is sent to the patient." if has_died else "Taken back. Cancelled visits stay so."
        messages.success(request, said)
        return redirect("desk:patient", pk)
    return _page(request, "desk/patients/death.html", form, patient=patient)


@require_http_methods(READ_AND_WRITE)
@needs(Permission.EDIT_PATIENTS)
def new_contact(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Add a contact of the patient's."""
    patient = patient_or_404(request.user, pk)
    form = ContactForm(request.POST if request.method == "POST" else None, initial={"language": patient.language})
    by = Actor.of(request.user)
    if form.carried_out(lambda: actions.add_contact(by=by, patient=patient, **form.cleaned_data)):
        messages.success(request, "The contact is added.")
        return redirect("desk:patient", pk)
    return _page(request, "desk/patients/contact.html", form, patient=patient, contact=None)


@require_http_methods(READ_AND_WRITE)
@needs(Permission.EDIT_PATIENTS)
def edit_contact(request: StaffRequest, pk: UUID, contact: UUID) -> HttpResponse:
    """Change a contact, or put one aside."""
    patient = patient_or_404(request.user, pk)
    person = get_object_or_404(Contact, pk=contact, patient=patient)
    watched = changes.Watched({"patients_contact": [str(person.pk)]})
    initial = {name: getattr(person, name) for name in EditContactForm.base_fields if name != "seen"}
    form = EditContactForm(
        request.POST if request.method == "POST" else None, initial=initial | {"seen": changes.mark(watched)}
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        change = changes.change_since(watched, values.pop("seen"))
        try:
            if change is not None:
                form.see_again("seen", change.mark)
                raise Stale(f"{change.words} Nothing was saved; what you typed is kept below. Look, then save again.")
            actions.change_contact(by=Actor.of(request.user), contact=person, **values)
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("desk:patient", pk)
    return _page(request, "desk/patients/contact.html", form, patient=patient, contact=person)


def _page(request: StaffRequest, template: str, form: ActionForm, **context: Any) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=form.status)
