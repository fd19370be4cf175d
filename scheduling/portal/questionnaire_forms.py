"""A questionnaire as a form: one row of choices for each item, in the language of whoever answers."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from patients.questionnaires import Instrument, Words


def spoken(words: Words | None) -> str:
    """The words in the language that is active; English where there are none."""
    if words is None:
        return ""
    return words.get((get_language() or "en")[:2], words["en"])


@dataclass(frozen=True, slots=True)
class Row:
    """One item on the page: its field, and what the ends of the scale mean."""

    field: forms.BoundField
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Block:
    """The items that stand under one heading."""

    intro: str
    rows: list[Row]


class QuestionnaireForm(forms.Form):
    """The items in order; each needs an answer."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        self.fields["key"].initial = uuid4
        numbers = range(instrument.most + 1)
        words = [spoken(one) for one in instrument.choices] or [str(number) for number in numbers]
        choices = [(str(number), word) for number, word in zip(numbers, words, strict=True)]
        items = [item for part in instrument.parts for item in part.items]
        for number, item in enumerate(items):
            self.fields[f"q{number}"] = forms.TypedChoiceField(
                label=spoken(item.text),
                choices=choices,
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("This one has no answer yet.")},
            )

    @property
    def blocks(self) -> list[Block]:
        """The page, part by part."""
        found, number = [], 0
        for part in self.instrument.parts:
            rows = []
            for item in part.items:
                rows.append(Row(self[f"q{number}"], spoken(item.low), spoken(item.high)))
                number += 1
            found.append(Block(spoken(part.intro), rows))
        return found

    @property
    def missing(self) -> str:
        """How many answers are missing, in a sentence; empty: none."""
        count = sum(name.startswith("q") for name in self.errors)
        if not count:
            return ""
        return ngettext(
            "%(count)s question has no answer yet. Nothing was saved; what you chose is kept.",
            "%(count)s questions have no answer yet. Nothing was saved; what you chose is kept.",
            count,
        ) % {"count": count}

    @property
    def items(self) -> list[int]:
        """The answers in order. Only for a valid form."""
        return [self.cleaned_data[f"q{number}"] for number in range(self.instrument.count)]
