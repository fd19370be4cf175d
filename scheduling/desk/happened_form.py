"""What is typed about a visit that is over: its real times, how it ended, and what was missing. Times are local to the
site; the actions say whether it can be so.
"""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.text import capfirst

from clinic import clock
from clinic.models import Resource, Site, StaffMember
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions.happened import Happened
from scheduling.desk.booking_forms import TimeField
from scheduling.endings import RULES
from scheduling.models import Ending
from scheduling.selectors.drivers import drivers_of

#: Endings of a visit that took place; that nobody came, or that it was called off, is recorded elsewhere.
TOOK_PLACE = [(one.value, one.label) for one in Ending if one not in {Ending.NO_SHOW, Ending.CANCELLED}]
TIMES = ("arrived", "started", "recovery", "ended")
#: Fields of the forms that say which visit it is.
ABOUT = frozenset({"what", "day", "key", "version"})


class HappenedForm(forms.Form):
    """A visit that took place: its times, its ending, and what was missing."""

    arrived = TimeField(label="Arrived", error_messages={"required": "Say when the patient came."})
    started = TimeField(label="Started", required=False, help_text="Empty if nothing was started.")
    recovery = TimeField(label="Recovering since", required=False)
    ended = TimeField(label="Left", error_messages={"required": "Say when the patient left."})
    ending = forms.ChoiceField(
        label="How it ended", choices=TOOK_PLACE, error_messages={"required": "Choose how it ended."}
    )
    nurse = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="not known")
    chair = forms.ModelChoiceField(Resource.objects.none(), required=False, empty_label="not known")
    handed_to = forms.ModelChoiceField(
        drivers_of(Patient()).none(), label="Taken home by", required=False, empty_label="nobody"
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
        max_length=300,
        error_messages={"required": "Say why the visit is entered only now; it is kept with it."},
    )

    def __init__(self, *args: Any, site: Site, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        offer(self, "doctor_told", people(site, Role.DOCTOR))
        offer(self, "nurse", people(site, Role.NURSE))
        offer(self, "chair", Resource.objects.chairs().filter(site=site))
        offer(self, "handed_to", drivers_of(patient))

    @property
    def endings(self) -> list[tuple[str, str, str, bool]]:
        """Each ending to choose: its value, its word, what it means for the series, and whether it is chosen."""
        chosen = self["ending"].value()
        return [(one, str(capfirst(word)), self.meaning(Ending(one)), chosen == one) for one, word in TOOK_PLACE]

    def meaning(self, ending: Ending) -> str:
        """What an ending means for the series; empty where there is none."""
        return RULES[ending].why

    def happened(self, day: date) -> Happened:
        """What was typed. Only for a valid form; `day`: the local date on which it happened."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in ABOUT}
        for name in TIMES:
            values[name] = self._moment(day, values[name])
        return Happened(**(values | {"ending": Ending(values["ending"])}))

    def _moment(self, day: date, wall: Any) -> datetime | None:
        return clock.moment(day, wall, self.site.zone) if wall is not None else None


def people(site: Site, role: Role) -> Any:
    """The site's people of that role, by name."""
    return StaffMember.objects.with_role(role).filter(sites=site).distinct().order_by("name")


def offer(form: forms.Form, name: str, some: Any) -> None:
    """Let a choice field of the form offer these rows."""
    choices: Any = form.fields[name]
    choices.queryset = some
