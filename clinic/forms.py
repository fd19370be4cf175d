"""What every form of the project says when something was left out: which thing it is, in the words of its field.
Of what is hidden it says only that the page has to be opened again.

In one place: the renderer of forms names the class of bound fields (FORM_RENDERER in the settings), and a form binds
each of its fields before it looks at what was sent. A field that says its own sentence keeps it.
"""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: What is said of what nobody sees of a page, when it came back otherwise than it was sent.
DAMAGED = gettext_lazy("A part of this page was missing or damaged. Please open it again; nothing was saved.")
#: What is said of what a hidden field may hold, by its validators.
_CHECKED = ("max_length", "min_length", "max_value", "min_value", "max_digits", "null_characters_not_allowed")


class OwnBoundField(BoundField):
    """A field of a form that says by its label that it was left out, and by no label what nobody sees of it."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        if field.widget.is_hidden:
            field.error_messages = _of_hidden(field)
        elif field.error_messages.get("required") is forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = left_out(field, str(self.label))


class Renderer(TemplatesSetting):
    """Django's renderer that finds templates as pages do, with bound fields of our own."""

    bound_field_class = OwnBoundField


def _of_hidden(field: forms.Field) -> dict[str, Any]:
    """What a hidden field says of whatever is wrong with it: Django's own sentences speak of what somebody typed."""
    bases = (vars(base).get("default_error_messages", {}) for base in reversed(type(field).__mro__))
    plain = {code: words for one in bases for code, words in one.items()}
    own = {code: words for code, words in field.error_messages.items() if words is not plain.get(code)}
    return dict.fromkeys([*plain, *_CHECKED], left_out(field, "")) | own


def left_out(field: forms.Field, label: str) -> str:
    """A sentence for a field that needs something and got nothing, in the language that is active."""
    if field.widget.is_hidden:
        return str(DAMAGED)
    words = {"label": capfirst(label.rstrip(": "))}
    if label.endswith("?"):
        return _("Please answer “%(label)s”") % words
    if isinstance(field, forms.BooleanField):
        return _("Please tick “%(label)s”.") % words
    if isinstance(field, forms.FileField):
        return _("Please choose a file under “%(label)s”.") % words
    if isinstance(field, forms.ChoiceField):
        return _("Please choose something under “%(label)s”.") % words
    return _("Please fill in “%(label)s”.") % words
