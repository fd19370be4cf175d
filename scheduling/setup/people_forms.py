"""What a manager types about a member of staff."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms

from clinic.models import Site, StaffMember
from clinic.permissions import Role
from scheduling.actions.clinic_changes import MOST_WATCHED
from scheduling.setup.base_forms import SetupFields, grid

#: How many patients a nurse watches to begin with, and the way between two sites in minutes; the page changes both.
WATCHES = 4
TRAVELS = 60


class PersonForm(SetupFields, forms.Form):
    """One member of staff, new or known."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="As colleagues and patients say it: “Dr. Amara Osei”."
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.value, str(role.label).capitalize()) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role; it says what the person may do."},
    )
    sites = forms.ModelMultipleChoiceField(
        Site.objects.none(),
        label="Works at",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one site where the person works."},
    )
    watch = forms.IntegerField(
        label="Watches at once",
        required=False,
        min_value=0,
        max_value=MOST_WATCHED,
        initial=WATCHES,
        help_text="Patients that a nurse may watch at the same time. Only counts for nurses.",
    )
    travel_minutes = forms.IntegerField(
        label="Minutes between two sites",
        min_value=0,
        max_value=600,
        initial=TRAVELS,
        help_text="Nothing is booked for the person in this time, when one day is spent at two sites.",
    )
    username = forms.CharField(
        label="Username", max_length=150, required=False, help_text="For signing in. Leave it empty for none."
    )
    email = forms.EmailField(label="Email", required=False)
    is_active = forms.BooleanField(
        label="Works here",
        required=False,
        initial=True,
        help_text="Without the tick the person cannot sign in any more.",
    )

    def __init__(self, *args: Any, sites: Sequence[Site], member: StaffMember | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {} if member is None else values_of(member))
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["sites"]
        choices.queryset = Site.objects.filter(pk__in=[site.pk for site in sites])
        if member is None:
            choices.initial = sites if len(sites) == 1 else None
            del self.fields["is_active"]
        self.helper.layout = Layout(
            Fieldset("Who", "name", grid("roles", "sites")),
            Fieldset("How the planner counts on the person", grid("watch", "travel_minutes")),
            Fieldset("Signing in", grid("username", "email")),
            *([] if member is None else ["is_active"]),
        )

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take. Only for a valid form."""
        names = ("name", "roles", "sites", "watch", "travel_minutes", "username", "email")
        return {name: self.cleaned_data[name] for name in names} | {
            "is_active": self.cleaned_data.get("is_active", True)
        }


def values_of(member: StaffMember) -> dict[str, Any]:
    """What is known of a person, as the form's initial values."""
    return {
        "name": member.name,
        "roles": list(member.role_rows.values_list("role", flat=True)),
        "sites": list(member.sites.values_list("pk", flat=True)),
        "watch": member.watch_limit,
        "travel_minutes": member.travel_minutes,
        "username": member.user.username if member.user else "",
        "email": member.user.email if member.user else "",
        "is_active": member.is_active,
    }
