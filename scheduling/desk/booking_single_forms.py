"""What is typed about one visit by itself: which one, when, and, where it has happened already, how it went.

Times are local to the site; a form checks that there is something, the actions say whether it can be.
"""

from collections.abc import Sequence
from typing import Any

from django import forms

from clinic.errors import Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Role
from clinic.views import refuse
from scheduling.desk.booking_forms import DayField
from scheduling.desk.happened_form import HappenedForm, offer, people
from scheduling.models import Appointment
from scheduling.selectors.singles import Single


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
        offer(self, "doctor", people(site, Role.DOCTOR))


class PastForm(WhatForm, HappenedForm):
    """A visit that is over and that nobody had booked: which one, on which day, and what happened."""

    day = DayField(label="Day")
    doctor = forms.ModelChoiceField(
        StaffMember.objects.none(), label="Doctor, for a consult", required=False, empty_label="nobody in particular"
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, site=site, **kwargs)
        offer(self, "doctor", people(site, Role.DOCTOR))
