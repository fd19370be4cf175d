"""What was left out is named in the words of its field, in every form of the project, in English and in Spanish."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import translation

import clinic
import patients
import scheduling
from clinic.forms import Renderer, left_out


def _own_forms() -> Iterator[type[forms.BaseForm]]:
    """Every form class of the project, once its modules are all loaded."""
    for package in (clinic, patients, scheduling):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith(("wsgi", "celery")):
                importlib.import_module(module.name)
    waiting: list[type[forms.BaseForm]] = [forms.BaseForm]
    while waiting:
        some = waiting.pop()
        waiting += some.__subclasses__()
        if some.__module__.split(".")[0] in {"clinic", "patients", "scheduling"}:
            yield some


def _said(form_class: type[forms.BaseForm], renderer: TemplatesSetting) -> dict[str, str]:
    """What the fields of a form say that was sent empty, by name of form and field."""
    fields = dict(form_class.base_fields)  # type: ignore[attr-defined]  # every form class has them
    walked = type("Walked", (forms.Form,), fields)({}, renderer=renderer)
    left = {name: errors for name, errors in walked.errors.as_data().items() if errors[0].code == "required"}
    name = f"{form_class.__module__}.{form_class.__name__}"
    return {f"{name}.{field}": str(next(iter(errors[0]))) for field, errors in left.items()}


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_form_says_the_sentence_that_names_nothing(language: str) -> None:
    with translation.override(language):
        plain = str(forms.Field.default_error_messages["required"])
        classes = list(_own_forms())
        said = {key: words for one in classes for key, words in _said(one, Renderer()).items()}
        bare = {key: words for one in classes for key, words in _said(one, TemplatesSetting()).items()}

    assert len(classes) > 60
    assert [key for key, words in said.items() if words == plain] == []
    assert [key for key, words in bare.items() if words == plain], "the control: without it they would"
    assert all(words.rstrip().endswith((".", "?", "?”", "!")) for words in said.values())


@pytest.mark.parametrize(
    ("field", "label", "english", "spanish"),
    [
        (forms.CharField(), "Reason", "Please fill in “Reason”.", "Por favor, rellene «Reason»."),
        (forms.CharField(), "why?", "Please answer “Why?”", "Por favor, responda a «Why?»."),
        (forms.ChoiceField(), "Chair", "Please choose something under “Chair”.", "Por favor, elija algo en «Chair»."),
        (forms.BooleanField(), "Adult", "Please tick “Adult”.", "Por favor, marque «Adult»."),
        (forms.FileField(), "Scan:", "Please choose a file under “Scan”.", "Por favor, elija un archivo en «Scan»."),
        (
            forms.UUIDField(widget=forms.HiddenInput),
            "Key",
            "A part of this page was missing or damaged. Please open it again; nothing was saved.",
            "Faltaba una parte de esta página o estaba dañada. Ábrala otra vez, por favor; no se ha guardado nada.",
        ),
    ],
)
def test_the_sentence_goes_with_the_kind_of_field(field: forms.Field, label: str, english: str, spanish: str) -> None:
    with translation.override("en"):
        assert left_out(field, label) == english
    with translation.override("es"):
        assert left_out(field, label) == spanish


def test_a_field_with_a_sentence_of_its_own_keeps_it() -> None:
    class Own(forms.Form):
        reason = forms.CharField(error_messages={"required": "Say why."})

    assert Own({}).errors["reason"] == ["Say why."]


class Hidden(forms.Form):
    """What pages carry along unseen."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    key = forms.UUIDField(widget=forms.HiddenInput)
    day = forms.DateField(widget=forms.HiddenInput, error_messages={"invalid": "That day is none."})
    kind = forms.ChoiceField(widget=forms.HiddenInput, choices=[("a", "A")])


TAMPERED = {"version": "-1", "key": "x", "day": "x", "kind": "b"}


def test_of_a_hidden_field_that_was_tampered_with_nothing_is_said_but_to_open_the_page_again() -> None:
    words = "A part of this page was missing or damaged. Please open it again; nothing was saved."
    said = Hidden(TAMPERED).errors
    assert said == {"version": [words], "key": [words], "day": ["That day is none."], "kind": [words]}
    assert "valid UUID" in str(Hidden(TAMPERED, renderer=TemplatesSetting()).errors["key"]), "the control"
