"""What a manager types to say something of the site's own in a message."""

from typing import Any

from django import forms

from clinic.models import Site
from patients.models import Language
from scheduling.actions.setup.wording import PARTS
from scheduling.messages.discretion import listed, telling_words
from scheduling.messages.wording import complaint
from scheduling.models import SiteWording
from scheduling.setup.base_forms import SetupFields

LABELS = {"subject": "Subject, in place of the usual one", "opening": "After the greeting", "closing": "At the end"}


class WordingForm(SetupFields, forms.Form):
    """The site's words for one kind (empty: every kind), in each language."""

    meant_so = forms.BooleanField(label="These words are meant so: save them all the same", required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.parts = PARTS if kind else PARTS[1:]
        for language in Language.values:
            for part in self.parts:
                self.fields[f"{language}_{part}"] = _field(part, language)

    @property
    def languages(self) -> list[tuple[str, str, list[Any]]]:
        """(code, name, fields) of each language."""
        return [
            (language.value, str(language.label), [self[f"{language.value}_{part}"] for part in self.parts])
            for language in Language
        ]

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """What was typed, by language. Only for a valid form."""
        return {
            language: {part: self.cleaned_data[f"{language}_{part}"].replace("\r\n", "\n") for part in self.parts}
            for language in Language.values
        }

    def clean(self) -> dict[str, Any]:
        """Placeholders that stand for something, and no word that says the treatment unless it is meant so."""
        values: dict[str, Any] = super().clean() or {}
        for language in Language.values:
            for part in self.parts:
                name = f"{language}_{part}"
                wrong = complaint(values.get(name, ""), self.kind)
                if wrong:
                    self.add_error(name, wrong)
        return values

    @property
    def telling(self) -> list[str]:
        """Words typed that may say what the patient is treated for. Only for a bound form that was checked."""
        names = [f"{language}_{part}" for language in Language.values for part in self.parts]
        return telling_words(*(str(self.cleaned_data.get(name) or "") for name in names))

    def ask_about_telling_words(self) -> bool:
        """Whether words that say the treatment stand in the way of saving; then the form says so."""
        found = self.telling
        if not found or self.cleaned_data.get("meant_so"):
            return False
        self.add_error(
            "meant_so",
            f"{listed(found)}: other people may see these words on the patient's screen. Change them, or tick this to "
            "keep them.",
        )
        return True


def _field(part: str, language: str) -> forms.CharField:
    attrs = {"class": "form-control", "lang": language}
    if part == "subject":
        widget: forms.Widget = forms.TextInput(attrs=attrs)
    else:
        widget = forms.Textarea(attrs=attrs | {"rows": 3})
    column: Any = SiteWording._meta.get_field(part)
    return forms.CharField(label=LABELS[part], required=False, max_length=column.max_length, widget=widget)


def initial_words(site: Site, kind: str) -> dict[str, str]:
    """The site's words as the form's initial values."""
    rows = SiteWording.objects.filter(site=site, kind=kind)
    return {f"{row.language}_{part}": getattr(row, part) for row in rows for part in PARTS}
