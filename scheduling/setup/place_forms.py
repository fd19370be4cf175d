"""What a manager types about chairs, beds and monitors."""

from typing import Any

from crispy_forms.layout import Layout
from django import forms

from clinic.models import Resource, ResourceKind
from scheduling.actions.setup.places import KINDS, MOST_AT_ONCE
from scheduling.setup.base_forms import SetupFields, grid

CHOICES = [(kind.value, ResourceKind(kind).label) for kind in KINDS]


class AddPlacesForm(SetupFields, forms.Form):
    """One or several places of a kind."""

    kind = forms.ChoiceField(label="What", choices=CHOICES)
    name = forms.CharField(label="Name", max_length=60, initial="Chair")
    count = forms.IntegerField(
        label="How many",
        initial=1,
        min_value=1,
        max_value=MOST_AT_ONCE,
        help_text="Several get numbers: Chair 1, Chair 2…",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout(grid("kind", "name", "count"))


class PlaceForm(SetupFields, forms.Form):
    """One place."""

    name = forms.CharField(label="Name", max_length=80)
    kind = forms.ChoiceField(label="What", choices=CHOICES)
    in_use = forms.BooleanField(
        label="In use",
        required=False,
        help_text="Out of use, nothing is booked on it. What happened on it stays on record.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout(grid("name", "kind"), "in_use")

    @classmethod
    def of(cls, place: Resource, data: Any, **kwargs: Any) -> "PlaceForm":
        """The form about `place`."""
        initial = {"name": place.name, "kind": place.kind, "in_use": place.is_active}
        return cls(data, initial=initial, **kwargs)
