"""The forms of the table of codes that raise flags."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from patients.models import Condition, FlagCode, FlagKind
from scheduling.forms import inner_helper

#: Code systems by FHIR's names for them, as a doctor reads them.
SYSTEMS = {
    "http://snomed.info/sct": "SNOMED CT code of a condition",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM code of a condition",
    FlagCode.MEDICINE: "Name of a medicine that patients may write down",
}
KINDS = sorted(((kind.value, capfirst(kind.label)) for kind in FlagKind), key=lambda one: one[1])


class FindCodeForm(forms.Form):
    """What of the table is looked for (GET)."""

    q = forms.CharField(label="Find by meaning or code", max_length=100, required=False)
    kind = forms.ChoiceField(label="Flag", required=False, choices=[("", "Every flag"), *KINDS])


class FlagCodeForm(forms.Form):
    """A code that raises a flag when an import brings it; a code that is there already is changed to what is typed."""

    system = forms.ChoiceField(label="What it is", initial="http://snomed.info/sct")
    code = forms.CharField(label="Code, or name of the medicine", max_length=40)
    display = forms.CharField(label="Meaning", max_length=300, help_text="As a doctor is to read it beside the flag.")
    kind = forms.ChoiceField(label="Raises the flag", choices=[("", "Choose one"), *KINDS])
    when_resolved = forms.BooleanField(
        label="Flags even when resolved", required=False, help_text="Otherwise only while the condition is active."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].choices = _systems()  # type: ignore[attr-defined]
        self.helper = inner_helper()

    @classmethod
    def values_of(cls, row: FlagCode) -> dict[str, Any]:
        """What the form starts with to change `row`."""
        return {name: getattr(row, name) for name in cls.base_fields}


def _systems() -> list[tuple[str, str]]:
    """The usual systems, and those that imports have brought or the table has."""
    brought = {*Condition.objects.values_list("system", flat=True).distinct()}
    brought |= {*FlagCode.objects.values_list("system", flat=True).distinct()}
    return [*SYSTEMS.items(), *((one, one) for one in sorted(brought - {*SYSTEMS, ""}))]
