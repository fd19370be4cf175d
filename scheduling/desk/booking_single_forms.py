"""What is typed about one visit by itself: which one, when, and, where it has happened already, how it went.

Times are local to the site; a form checks that there is something, the actions say whether it can be.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms

from clinic import clock
from clinic.errors import Refused
from clinic.models import Resource, Site, StaffMember
from clinic.permissions import Role
from clinic.views import refuse
from patients.models import Patient
from scheduling.actions.past_visit import Happened
from scheduling.desk.booking_forms import DayField, TimeField
from scheduling.models import Appointment, Ending
from scheduling.selectors.drivers import drivers_of
from scheduling.selectors.singles import Single

#: Endings of a visit that took place; that nobody came, or that it was called off, is recorded elsewhere.
TOOK_PLACE = [(one.value, one.label) for one in Ending if one not in {Ending.NO_SHOW, Ending.CANCELLED}]


class WhatForm(forms.Form):
    """Which visit it is."""

    #: All that was typed was fine, but an action refused.
    refused = False
    what = forms.ChoiceField(label="What for", error_messages={"required": "Choose what the patient comes for."})

    def __init__(self, *args: Any, singles: Sequence[Single], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._singles = {single.value: single for single in singles}
        choices: Any = self.fields["what"]
        choices.choices = [(single.value, single.label[:1].upper() + single.label[1:]) for single in singles]

    @property
    def can_search(self) -> bool:
        """Whether there is something valid to look for: also after an action has refused."""
        return self.is_valid() or self.refused

    @property
    def single(self) -> Single:
        """The chosen visit. Only for a valid form."""
        return self._singles[self.cleaned_data["what"]]

    def refuse(self, error: Refused) -> None:
        """Show why the action refused, beside the field that it speaks of; what was typed stays."""
        kept = dict(self.cleaned_data)
        refuse(self, error)
        self.cleaned_data, self.refused = kept, True


class SingleForm(WhatForm):
    """A visit by itself, from which day on, and how a consult takes place."""

    first_day = DayField(label="Look from")
    mode = forms.ChoiceField(
        label="A consult takes place",
        choices=Appointment.Mode.choices,
        initial=Appointment.Mode.IN_PERSON,
        required=False,
    )

    @property
    def how(self) -> str:
        """How it takes place. Only for a valid form."""
        return str(self.cleaned_data["mode"] or Appointment.Mode.IN_PERSON.value)


class WalkInForm(WhatForm):
    """A patient who is here now. `anyway`: nothing is free, and it takes place all the same."""

    doctor = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="the first one free")
    anyway = forms.BooleanField(label="It takes place all the same: record what happens", required=False)
    reason = forms.CharField(label="Why", max_length=400, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "doctor", _people(site, Role.DOCTOR))


class PastForm(WhatForm):
    """A visit of today that is over: its times, its ending, and what was missing."""

    arrived = TimeField(label="Arrived", error_messages={"required": "Say when the patient came."})
    started = TimeField(label="Started", required=False, help_text="Empty if nothing was started.")
    recovery = TimeField(label="Recovering since", required=False)
    ended = TimeField(label="Left", error_messages={"required": "Say when the patient left."})
    ending = forms.ChoiceField(label="How it ended", choices=TOOK_PLACE)
    doctor = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Doctor, for a consult", required=False, empty_label="nobody in particular"
    )
    nurse = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="not known")
    chair = forms.ModelChoiceField(Resource.objects.none(), required=False, empty_label="not known")
    handed_to = forms.ModelChoiceField(
        queryset=drivers_of(Patient()).none(), label="Taken home by", required=False, empty_label="nobody"
    )
    doctor_told = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Doctor who was told", required=False, empty_label="nobody"
    )
    without = forms.CharField(
        label="Started without clearance or consent, because",
        required=False,
        max_length=400,
        help_text="Only where one of them was missing. It is kept with the visit.",
    )
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    reason = forms.CharField(
        label="Why it is entered only now",
        max_length=400,
        error_messages={"required": "Say why the visit is entered only now; it is kept with it."},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Site, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        _offer(self, "doctor", _people(site, Role.DOCTOR))
        _offer(self, "doctor_told", _people(site, Role.DOCTOR))
        _offer(self, "nurse", _people(site, Role.NURSE))
        _offer(self, "chair", Resource.objects.chairs().filter(site=site))
        _offer(self, "handed_to", drivers_of(patient))

    def happened(self, today: date) -> Happened:
        """What was typed. Only for a valid form; `today`: the local date of the site."""
        values = dict(self.cleaned_data)
        for name in ("what", "key"):
            values.pop(name)
        for name in ("arrived", "started", "recovery", "ended"):
            values[name] = self._moment(today, values[name])
        return Happened(**(values | {"ending": Ending(values["ending"])}))

    def _moment(self, today: date, wall: Any) -> datetime | None:
        return clock.moment(today, wall, self.site.zone) if wall is not None else None


def _people(site: Site, role: Role) -> Any:
    return StaffMember.objects.with_role(role).filter(sites=site).distinct().order_by("name")


def _offer(form: forms.Form, name: str, some: Any) -> None:
    choices: Any = form.fields[name]
    choices.queryset = some
