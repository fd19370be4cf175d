"""Forms for what is written down at the chair. Numbers are typed as they are read; nothing is computed from them."""

from decimal import Decimal
from typing import Any

from crispy_forms.bootstrap import InlineCheckboxes, InlineRadios
from crispy_forms.layout import Div, Layout
from django import forms
from django.utils.text import capfirst

from clinic import clock
from clinic.models import Resource, Site, StaffMember
from clinic.permissions import Role
from scheduling.models import AdverseEvent, GivenRoute, Pause, Reading, SideEffect, Unit
from scheduling.models.reading import PLAUSIBLE
from scheduling.nurse.forms import VisitForm
from scheduling.selectors.at_the_chair import order_for
from scheduling.selectors.visits import doctors_at, record_or_none

#: Labels as a nurse says them, by field of Reading (mmHg, per minute, %, kg). The temperature's unit follows the
#: country of the site.
LABELS = {
    "systolic": "Systolic",
    "diastolic": "Diastolic",
    "pulse": "Pulse",
    "spo2": "SpO₂, %",
    "respiration": "Breaths",
    "temperature": "Temp., °C",
    "weight": "Weight, kg",
}
#: Countries that read body temperature in degrees Fahrenheit.
FAHRENHEIT = frozenset({"US"})
HUNDREDTH = Decimal("0.01")


def reads_fahrenheit(site: Site) -> bool:
    """Whether people at the site read thermometers in °F."""
    return site.country in FAHRENHEIT


def to_fahrenheit(celsius: Decimal) -> Decimal:
    """°C as °F, to a tenth."""
    return (celsius * 9 / 5 + 32).quantize(Decimal("0.1"))


def to_celsius(fahrenheit: Decimal) -> Decimal:
    """°F as °C, to a hundredth, so that it comes back as it was typed."""
    return ((fahrenheit - 32) * 5 / 9).quantize(HUNDREDTH)


def temperature_words(reading: Reading, site: Site) -> str:
    """The reading's temperature as the site reads it, without its unit; empty where none was taken."""
    if reading.temperature is None:
        return ""
    if reads_fahrenheit(site):
        return f"{to_fahrenheit(reading.temperature)}"
    return f"{reading.temperature.quantize(Decimal('0.1'))}"


class NoteForm(VisitForm):
    """A note that is stamped while the patient is here; of a visit that is over it asks when that was, in the local
    time of the visit's day.
    """

    at = forms.TimeField(
        label="When that was",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "The visit is over: say at what time that was."},
    )

    def prepare(self) -> None:
        """The time alone, where it is asked for."""
        record = record_or_none(self.visit)
        self.is_over = record is not None and record.ended_at is not None
        if not self.is_over:
            del self.fields["at"]

    def lay_out(self, *parts: object) -> None:
        """The fields as they stand on the page, after the time."""
        self.helper.layout = Layout(*(["at"] if self.is_over else []), *parts)

    @property
    def facts(self) -> dict[str, Any]:
        """The time as a moment, where it was asked for."""
        if not self.is_over:
            return self.cleaned_data
        zone = self.visit.site.zone
        day = clock.local(self.visit.record.arrived_at or self.visit.starts, zone).date()
        return {**self.cleaned_data, "at": clock.moment(day, self.cleaned_data["at"], zone)}


class ReadingForm(NoteForm):
    """One set of vital signs; what was not taken stays empty."""

    slot = "reading"
    note = forms.CharField(label="Note", max_length=300, required=False)

    def prepare(self) -> None:
        """A number field for each value, with the range that can be true."""
        super().prepare()
        fahrenheit = reads_fahrenheit(self.visit.site)
        for name, label in LABELS.items():
            low, high = PLAUSIBLE[name]
            shown, step = label, "1"
            if name == "temperature":
                step = "0.1"
                if fahrenheit:
                    shown = "Temp., °F"
                    low, high = int(to_fahrenheit(Decimal(low))), int(to_fahrenheit(Decimal(high)))
            if name == "weight":
                step = "0.1"
            what = shown.split(",")[0]
            words = f"{what} lies between {low} and {high}. Look at the value again."
            field_class = forms.DecimalField if step == "0.1" else forms.IntegerField
            self.fields[name] = field_class(
                label=shown,
                required=False,
                min_value=low,
                max_value=high,
                error_messages={"min_value": words, "max_value": words, "invalid": "Type a number."},
                widget=forms.NumberInput(
                    attrs={"step": step, "inputmode": "decimal" if step == "0.1" else "numeric", "autocomplete": "off"}
                ),
            )
        self.order_fields(["at", *LABELS, "note"])
        self.lay_out(Div(*LABELS, css_class="vitals-grid"), "note")

    @property
    def facts(self) -> dict[str, Any]:
        """The values as {field: number}, the temperature in °C; and the note."""
        found = {name: self.cleaned_data.get(name) for name in LABELS}
        if found["temperature"] is not None and reads_fahrenheit(self.visit.site):
            found["temperature"] = to_celsius(found["temperature"])
        return {name: one for name, one in super().facts.items() if name not in LABELS} | {"values": found}


class DoseForm(NoteForm):
    """One medicine that was given."""

    slot = "dose"
    is_treatment = forms.ChoiceField(
        label="What was given",
        choices=[("yes", "The treatment"), ("no", "Another medicine")],
        widget=forms.RadioSelect,
        initial="yes",
    )
    drug = forms.CharField(label="Drug", max_length=80)
    amount = forms.DecimalField(
        label="Dose given",
        max_digits=9,
        decimal_places=3,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"}),
    )
    unit = forms.ChoiceField(label="Unit", choices=Unit.choices)
    route = forms.ChoiceField(label="Route", choices=[(one.value, capfirst(one.label)) for one in GivenRoute])
    rate = forms.CharField(label="Rate", max_length=80, required=False)
    note = forms.CharField(label="Note", max_length=300, required=False)

    def prepare(self) -> None:
        """Drug, unit and route as ordered; the dose is never filled in, so that it is always read off the syringe. Of a
        visit that is over the time is the start of the drip, until somebody knows better.
        """
        super().prepare()
        if self.is_over and self.visit.record.started_at is not None:
            self.initial["at"] = clock.local(self.visit.record.started_at, self.visit.site.zone).time()
        order = order_for(self.visit)
        if order is not None:
            self.initial.update(drug=order.drug, unit=order.unit, route=order.route, rate=order.rate)
        elif self.visit.protocol_version.route in GivenRoute.values:
            self.initial["route"] = self.visit.protocol_version.route
        self.lay_out(
            InlineRadios("is_treatment"),
            Div("drug", "amount", "unit", "route", "rate", "note", css_class="form-grid mb-3"),
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Whether it is the treatment itself, as true or false."""
        return {**super().facts, "is_treatment": self.cleaned_data["is_treatment"] == "yes"}


class EffectsForm(NoteForm):
    """What the patient feels or shows."""

    slot = "effects"
    kinds = forms.MultipleChoiceField(
        label="Effects",
        choices=[(one.value, capfirst(one.label)) for one in SideEffect.Kind],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    strength = forms.ChoiceField(
        label="How strong",
        choices=[(one.value, capfirst(one.label)) for one in SideEffect.Strength],
        widget=forms.RadioSelect,
        initial=SideEffect.Strength.MILD.value,
    )
    words = forms.CharField(label="In words", max_length=200, required=False)

    def prepare(self) -> None:
        """Choices in lines, since there are many."""
        super().prepare()
        self.lay_out(InlineCheckboxes("kinds"), InlineRadios("strength"), "words")


class EventForm(NoteForm):
    """Something that went wrong."""

    slot = "event"
    what = forms.CharField(label="What happened", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    severity = forms.ChoiceField(
        label="How severe",
        choices=[(one.value, capfirst(one.label)) for one in AdverseEvent.Severity],
        widget=forms.RadioSelect,
    )
    action_taken = forms.CharField(label="What was done", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    doctor_told = forms.ModelChoiceField(
        StaffMember.objects.none(),
        label="Doctor who was told",
        required=False,
        empty_label="Nobody yet: ask the doctors",
    )
    call_on = forms.DateField(
        label="Follow-up call on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Puts a call on the call list. Leave it empty for none.",
    )

    def prepare(self) -> None:
        """The doctors of the site; no call before today."""
        super().prepare()
        self.choose("doctor_told", doctors_at(self.visit.site))
        self.fields["call_on"].widget.attrs["min"] = clock.today(self.visit.site.zone).isoformat()
        self.lay_out(
            "what", InlineRadios("severity"), "action_taken", Div("doctor_told", "call_on", css_class="form-grid mb-3")
        )


class ToldForm(VisitForm):
    """Which doctor was told of what went wrong."""

    slot = "told"
    doctor_told = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Doctor who was told", empty_label="choose a doctor"
    )

    def prepare(self) -> None:
        """The doctors of the site."""
        self.choose("doctor_told", doctors_at(self.visit.site))

    @property
    def facts(self) -> dict[str, Any]:
        """The doctor."""
        return {"doctor": self.cleaned_data["doctor_told"]}


class PauseForm(VisitForm):
    """Why the drip stands still."""

    slot = "pause"
    why = forms.ChoiceField(
        label="Why", choices=[(one.value, capfirst(one.label)) for one in Pause.Why], widget=forms.RadioSelect
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def prepare(self) -> None:
        """Choices in a line."""
        self.helper.layout = Layout(InlineRadios("why"), "note")


class PlaceForm(VisitForm):
    """Where the patient really sits, and who really watches."""

    slot = "place"
    chair = forms.ModelChoiceField(Resource.objects.none(), label="Chair", required=False, empty_label="not recorded")
    nurse = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Nurse", required=False, empty_label="not recorded"
    )

    def prepare(self) -> None:
        """What is recorded now."""
        self.choose("chair", Resource.objects.chairs().filter(site=self.visit.site_id))
        self.choose("nurse", StaffMember.objects.with_role(Role.NURSE).filter(sites=self.visit.site_id))
        record = self.visit.record
        self.initial.update(chair=record.chair_id, nurse=record.nurse_id)
        self.helper.layout = Layout(Div("chair", "nurse", css_class="form-grid mb-3"))
