"""Forms of the visit page. Each keeps what was typed; what they mean is decided by the actions."""

from typing import Any, cast

from crispy_forms.bootstrap import InlineRadios
from crispy_forms.layout import Div, Layout
from django import forms
from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django.http import QueryDict
from django.utils.text import capfirst

from clinic.models import Resource, StaffMember
from clinic.permissions import Role
from patients.models import Contact
from scheduling.actions.visit import ANSWERS
from scheduling.endings import DISCHARGED, RULES, WITHOUT_DISCHARGE
from scheduling.forms import inner_helper
from scheduling.models import Appointment, Ending
from scheduling.selectors.drivers import drivers_of
from scheduling.selectors.gates import ride_of
from scheduling.selectors.visits import doctors_at, planned_chair, planned_nurse, record_or_none

YES_NO = [("yes", "Yes"), ("no", "No")]


class VisitForm(forms.Form):
    """A form about one visit, rendered inside the page's own form tag; names get a prefix, since one page shows
    several.
    """

    slot = ""

    def __init__(self, data: QueryDict | None = None, *, visit: Appointment) -> None:
        super().__init__(data, prefix=self.slot)
        self.visit = visit
        self.helper = inner_helper()
        self.prepare()

    def prepare(self) -> None:
        """Fill choices and first values from the visit."""

    @property
    def facts(self) -> dict[str, Any]:
        """What was typed as the action of this form takes it, by keyword; once the form is valid."""
        return self.cleaned_data

    def choose(self, field: str, queryset: QuerySet[Any]) -> None:
        """Set the rows that a choice field offers."""
        cast("ModelChoiceField[Any]", self.fields[field]).queryset = queryset

    def offer(self, field: str, choices: list[tuple[str, str]]) -> None:
        """Set the words that a choice field offers."""
        cast(forms.ChoiceField, self.fields[field]).choices = choices


class ReasonForm(VisitForm):
    """Why, in one line."""

    slot = "undo"
    reason = forms.CharField(label="Why is the arrival taken back?", max_length=300)


class StartForm(VisitForm):
    """The check-in list of the protocol, and where and by whom the drip is really started."""

    slot = "start"
    chair = forms.ModelChoiceField(Resource.objects.none(), required=False, empty_label="As planned")
    nurse = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="As planned")

    def prepare(self) -> None:
        """One yes-or-no for each question of the list, with the answer so far; the chairs and nurses of the site."""
        record = record_or_none(self.visit)
        known = record.checkin if record else {}
        self.questions: dict[str, str] = {}
        for number, question in enumerate(self.visit.protocol_version.checkin_list):
            name = f"question_{number}"
            self.questions[name] = question["en"]
            self.fields[name] = forms.ChoiceField(
                label=question["en"],
                choices=YES_NO,
                widget=forms.RadioSelect,
                initial=known.get(question["en"]),
                error_messages={"required": "Ask the patient, and answer yes or no."},
            )
        asked = [InlineRadios(name) for name in self.questions]
        if self.visit.kind == Appointment.Kind.CONSULT:
            del self.fields["chair"], self.fields["nurse"]
            self.helper.layout = Layout(*asked)
            return
        self.helper.layout = Layout(*asked, Div("chair", "nurse", css_class="form-grid mb-3"))
        self.choose("chair", Resource.objects.chairs().filter(site=self.visit.site_id))
        self.choose("nurse", StaffMember.objects.with_role(Role.NURSE).filter(sites=self.visit.site_id))
        self.initial.update(chair=planned_chair(self.visit), nurse=planned_nurse(self.visit))

    @property
    def answers(self) -> dict[str, str]:
        """The answers given, by question in English; those left open, or that are no answers, are left out."""
        given = {question: self.data.get(self.add_prefix(name), "") for name, question in self.questions.items()}
        return {question: answer for question, answer in given.items() if answer in ANSWERS}

    @property
    def facts(self) -> dict[str, Any]:
        """Where, by whom, and the answers."""
        chosen: dict[str, Any] = {name: self.cleaned_data[name] for name in ("chair", "nurse") if name in self.fields}
        return {**chosen, "checkin": self.answers}


class CompanionForm(VisitForm):
    """Somebody of the patient's contacts, or a new adult, who drives home from this visit."""

    slot = "companion"
    contact = forms.ModelChoiceField(
        Contact.objects.none(), label="Somebody known", required=False, empty_label="Somebody new"
    )
    name = forms.CharField(label="Name of somebody new", max_length=120, required=False)
    phone = forms.CharField(label="Telephone", max_length=32, required=False)
    email = forms.EmailField(label="Email", required=False)
    is_adult = forms.BooleanField(label="Is 18 or older", required=False)
    agreed = forms.BooleanField(label="Has said that they will drive", required=False)

    def prepare(self) -> None:
        """The contacts who may drive; whoever is named already comes first."""
        self.choose("contact", drivers_of(self.visit.patient))
        ride = ride_of(self.visit)
        if ride is not None and ride.companion_id is not None:
            self.initial["contact"] = ride.companion_id

    def clean(self) -> dict[str, Any]:
        """One of the two: a known contact or a new name, which counts more than a contact that merely stood there."""
        data = super().clean() or {}
        new = (data.get("name") or "").strip()
        if not data.get("contact") and not new:
            self.add_error("name", "Choose somebody known, or type the name of somebody new.")
        elif data.get("contact") and new and "contact" in self.changed_data:
            self.add_error(
                "contact", f"Either somebody known or somebody new: choose “Somebody new”, or leave out {new}."
            )
        elif new:
            data["contact"] = None
        return data


class WaiverForm(VisitForm):
    """Why a doctor lets the patient go without a companion."""

    slot = "waiver"
    reason = forms.CharField(label="Why this patient may go home without a companion", max_length=500)


class DischargeForm(VisitForm):
    """To whom the patient is handed, the fitness list, and whether the whole dose was given."""

    slot = "discharge"
    ending = forms.ChoiceField(
        label="The treatment was", choices=[(e.value, capfirst(e.label)) for e in DISCHARGED], widget=forms.RadioSelect
    )
    fitness = forms.MultipleChoiceField(
        label="Fit to leave: tick each point that is met", widget=forms.CheckboxSelectMultiple, required=False
    )
    handed_to = forms.ModelChoiceField(
        Contact.objects.none(), label="Handed over to", required=False, empty_label="Nobody named"
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def prepare(self) -> None:
        """The list of the protocol, and the contacts who may drive with the companion of this visit chosen."""
        self.initial.setdefault("ending", Ending.COMPLETED.value)
        points = [point["en"] for point in self.visit.protocol_version.fitness_list]
        if points:
            self.offer("fitness", [(point, point) for point in points])
        else:
            del self.fields["fitness"]
        ride = ride_of(self.visit)
        self.choose("handed_to", drivers_of(self.visit.patient))
        if ride is not None and ride.companion_id is not None:
            self.initial["handed_to"] = ride.companion_id

    @property
    def facts(self) -> dict[str, Any]:
        """The ending as one of the table."""
        return {**self.cleaned_data, "ending": Ending(self.cleaned_data["ending"])}


class EndForm(VisitForm):
    """Every ending other than a discharge."""

    slot = "end"
    ending = forms.ChoiceField(
        label="How it ended", widget=forms.RadioSelect, error_messages={"required": "Choose how it ended."}
    )
    doctor_told = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Doctor who was told", required=False, empty_label="Nobody yet"
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def prepare(self) -> None:
        """Only the endings that the facts allow, each with what it means for the series."""
        record = record_or_none(self.visit)
        started = record is not None and record.started_at is not None
        self.offer("ending", [(e.value, str(capfirst(e.label))) for e in possible_endings(self.visit, started=started)])
        self.choose("doctor_told", doctors_at(self.visit.site))
        # The endings are drawn by the page, each with what it means.
        self.helper.layout = Layout("doctor_told", "note")

    @property
    def facts(self) -> dict[str, Any]:
        """The ending as one of the table."""
        return {**self.cleaned_data, "ending": Ending(self.cleaned_data["ending"])}


def possible_endings(visit: Appointment, *, started: bool) -> list[Ending]:
    """The endings that the endings form offers: of a consult also “completed”, of a drip those that fit whether it was
    started.
    """
    if visit.kind == Appointment.Kind.CONSULT:
        return [*DISCHARGED, *WITHOUT_DISCHARGE]
    return [ending for ending in WITHOUT_DISCHARGE if RULES[ending].after_start in {None, started}]
