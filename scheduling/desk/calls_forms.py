"""Forms of the call list, of the calls about rides, and of one message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict

from clinic import clock
from clinic.models import Site
from patients.models import Contact
from scheduling.models import Appointment, Message, Ride
from scheduling.selectors.opening import openings
from scheduling.when import day_words, time_words

#: When somebody who was not reached, or will call back, stands on the list again: minutes from now, or the next
#: morning on which the site is open.
MORNING = "morning"
WAITS = (
    ("30", "in 30 minutes"),
    ("60", "in an hour"),
    ("120", "in 2 hours"),
    ("240", "in 4 hours"),
    (MORNING, "the next working day, first thing"),
)
USUAL_WAIT = "60"
#: Whoever is to drive is not among the saved contacts.
NEW = "new"


def until_of(wait: str, site: Site, now: datetime) -> datetime:
    """When to call again (UTC), by a value of WAITS."""
    if wait == MORNING:
        return openings([site], now)[site.pk].next_morning(now)
    return now + timedelta(minutes=int(wait or USUAL_WAIT))


class _CallForm(forms.Form):
    """What every call ends with: when to try again, where that is called for, and a note."""

    wait = forms.ChoiceField(choices=WAITS, required=False, initial=USUAL_WAIT, label="Again")
    note = forms.CharField(
        required=False, max_length=500, label="Note (nothing clinical)", widget=forms.TextInput(attrs={"size": 40})
    )


class OutcomeForm(_CallForm):
    """What came of a call: one of Message.Outcome."""

    outcome = forms.ChoiceField(
        choices=Message.Outcome.choices,
        error_messages={"required": "Choose what came of the call.", "invalid_choice": "Choose one of the outcomes."},
    )


class RideCallForm(_CallForm):
    """What came of a call about the ride home, while nobody is named: one of Ride.Call."""

    outcome = forms.ChoiceField(
        choices=Ride.Call.choices,
        error_messages={"required": "Choose what came of the call.", "invalid_choice": "Choose one of the outcomes."},
    )


class NameDriverForm(forms.Form):
    """Who drives home, from which visits: somebody saved, or a new adult who can be reached."""

    contact = forms.ChoiceField(label="Who drives?")
    name = forms.CharField(label="Name", max_length=120, required=False)
    phone = forms.CharField(
        label="Telephone", max_length=32, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.EmailField(label="or email", required=False)
    is_adult = forms.BooleanField(label="Is 18 or older", required=False)
    agreed = forms.BooleanField(label="Has said yes already", required=False)
    visits = forms.MultipleChoiceField(
        label="After which visits?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one visit."},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        key: str,
        drivers: Sequence[Contact],
        visits: Sequence[Appointment],
        declined: UUID | None = None,
    ) -> None:
        """`key` keeps the ids of several such forms on one page apart; `declined`: the contact who cannot drive from
        the first of the visits, who is not the one to be chosen unasked.
        """
        super().__init__(data, auto_id=f"{key}-%s")
        self.by_id = {str(contact.pk): contact for contact in drivers}
        self.helper = FormHelper()
        self.helper.form_tag = False
        contact = cast(forms.ChoiceField, self.fields["contact"])
        asked = [(pk, one) for pk, one in self.by_id.items() if one.pk != declined]
        said_no = [(pk, f"{one.name} (cannot drive)") for pk, one in self.by_id.items() if one.pk == declined]
        contact.choices = [*((pk, one.name) for pk, one in asked), (NEW, "somebody new"), *said_no]
        chosen = cast(forms.MultipleChoiceField, self.fields["visits"])
        chosen.choices = [(str(visit.pk), _visit_words(visit)) for visit in visits]
        self.initial.setdefault("visits", [str(visit.pk) for visit in visits])

    @property
    def saved(self) -> Contact | None:
        """The saved contact that was chosen; None for somebody new."""
        return self.by_id.get(self.cleaned_data["contact"])

    def clean(self) -> dict[str, Any]:
        """Somebody new needs a name, and a name means somebody new; the rest the action asks for."""
        data = super().clean() or {}
        name = (data.get("name") or "").strip()
        if data.get("contact") == NEW and not name:
            self.add_error("name", "Write the name of the person who drives.")
        elif data.get("contact") in self.by_id and name:
            chosen = self.by_id[data["contact"]].name
            self.add_error("contact", f"Does {chosen} drive, or {name}? For {name} choose “somebody new”.")
        return data


def _visit_words(visit: Appointment) -> str:
    zone = visit.site.zone
    return f"{day_words(visit.starts, zone)}, {time_words(visit.starts, zone)}"


class ReasonForm(forms.Form):
    """Why a message is left unsent."""

    reason = forms.CharField(
        max_length=200, label="Why does nobody need to be told?", error_messages={"required": "Write down why."}
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_tag = False


class LedgerFilter(forms.Form):
    """Which part of the ledger to show; what cannot be read is ignored."""

    state = forms.ChoiceField(choices=[("", "any state"), *Message.State.choices], required=False)
    kind = forms.ChoiceField(choices=[("", "about anything"), *Message.Kind.choices], required=False)
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    late = forms.BooleanField(required=False, widget=forms.HiddenInput)


def now_and_until(form: _CallForm, site: Site) -> datetime:
    """When to call again, from a form that is valid."""
    return until_of(form.cleaned_data["wait"] or USUAL_WAIT, site, clock.now())
