"""The public form that asks for a consult, and what keeps programs from filling it.

No third party is asked, and nothing needs a script: a field that people do not see, a stamp signed by the server that
says when the form was handed out and makes it good for one request, and a limit on how often one address may send
(scheduling/portal/limits.py). What is caught comes back filled in, with what to do: a person who was mistaken for a
program sends it once more. docs/decisions/asking-for-a-consult.md.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import clock

_SALT = "scheduling.portal.consult"
#: Nobody reads and fills the form in less; a program does.
LEAST = timedelta(seconds=4)
#: A form left open longer than this gets a new stamp.
MOST = timedelta(hours=12)
#: The label of the trap says what a person who comes upon it has to do.
TRAP = "website"


def stamp() -> str:
    """A new form's stamp: the id of the request that it may become, and when it was handed out."""
    return signing.dumps([uuid4().hex, clock.now().timestamp()], salt=_SALT)


def _text(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"class": "form-control", "rows": rows, **attrs})


def _line(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", **attrs})


class ConsultRequestForm(forms.Form):
    """Name, a way to be reached, what for, what was tried, the best times."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=200,
        widget=_line(autocomplete="name"),
        error_messages={"required": gettext_lazy("Write your name, so that we know whom we answer.")},
    )
    phone = forms.CharField(
        label=gettext_lazy("Your telephone number"),
        max_length=32,
        required=False,
        widget=_line(type="tel", autocomplete="tel"),
    )
    email = forms.EmailField(
        label=gettext_lazy("or your email address"),
        required=False,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
        error_messages={"invalid": gettext_lazy("This is not an email address. It looks like name@example.org.")},
    )
    complaint = forms.CharField(
        label=gettext_lazy("What would you like help with?"), max_length=4000, required=False, widget=_text(4)
    )
    tried = forms.CharField(
        label=gettext_lazy("What have you tried for it so far?"), max_length=4000, required=False, widget=_text(3)
    )
    best_times = forms.CharField(
        label=gettext_lazy("When is the best time to reach you, and to come?"),
        max_length=200,
        required=False,
        widget=_line(autocomplete="off"),
    )
    website = forms.CharField(
        label=gettext_lazy("Leave this field empty"),
        required=False,
        widget=_line(autocomplete="off", tabindex="-1"),
    )
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key: UUID | None = None
        self.initial.setdefault("stamp", stamp())

    @property
    def trapped(self) -> bool:
        """Whether the field that nobody sees is filled: then it is shown."""
        return TRAP in self.errors

    def groups(self) -> list[list[forms.BoundField]]:
        """The fields that people see, in the order of the page."""
        return [[self["name"], self["phone"], self["email"]], [self["complaint"], self["tried"], self["best_times"]]]

    def clean_website(self) -> str:
        """The trap is empty."""
        if self.cleaned_data[TRAP]:
            raise forms.ValidationError(
                _("This field is there to catch programs. Empty it, and send the form once more.")
            )
        return ""

    def clean(self) -> dict[str, Any]:
        """There is a way to answer, and a person had the time to write this."""
        cleaned = super().clean() or {}
        if not cleaned.get("phone") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("phone", _("Give a telephone number or an email address, so that we can answer you."))
        self._read_stamp(cleaned.get("stamp", ""))
        return cleaned

    def _read_stamp(self, text: str) -> None:
        try:
            key, at = signing.loads(text, salt=_SALT)
            self.key, age = UUID(key), clock.now().timestamp() - float(at)
        except (signing.BadSignature, ValueError, TypeError):
            self._stamp_anew(_("This page was open for too long. Please send the form once more."))
            return
        if age < LEAST.total_seconds():
            self.add_error(None, _("That was very quick. Please look through what you wrote, and send it once more."))
        elif age > MOST.total_seconds():
            self._stamp_anew(_("This page was open for too long. Please send the form once more."))

    def _stamp_anew(self, sentence: str) -> None:
        """The form comes back with a stamp that holds, made as long ago as a person needs: sending again is enough."""
        fresh = [uuid4().hex, (clock.now() - LEAST).timestamp()]
        self.data = {**dict(self.data.items()), "stamp": signing.dumps(fresh, salt=_SALT)}
        self.add_error(None, sentence)
