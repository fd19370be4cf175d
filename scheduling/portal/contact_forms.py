"""How the patient wishes to be reached, and in which language."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Channel, Contact, Language, Patient
from scheduling.portal.presenters import masked_email, masked_phone


class ContactForm(forms.Form):
    """The ways that can be used for this person, the language, and whether more than the essential is wanted."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How shall we reach you?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one way.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("In which language?"),
        widget=forms.RadioSelect,
        # Each by its own name: who cannot read the page has to find the other.
        choices=[(Language.ENGLISH, "English"), (Language.SPANISH, "Español")],
        error_messages={"required": gettext_lazy("Choose a language.")},
    )
    extras = forms.BooleanField(label=gettext_lazy("Also send me what is not essential"), required=False)

    def __init__(self, *args: Any, person: Patient | Contact, texts_go_out: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = []
        if person.email and _mail_arrives(person):
            ways.append((Channel.MAIL, _("By email to %(address)s") % {"address": masked_email(person.email)}))
        if person.phone:
            number = {"number": masked_phone(person.phone)}
            if texts_go_out:
                ways.append((Channel.TEXT, _("By text message to the number that ends in %(number)s") % number))
            ways.append((Channel.CALL, _("By a call to the number that ends in %(number)s") % number))
        if isinstance(person, Patient) and person.address_line:
            ways.append((Channel.PAPER, _("By letter")))
        cast(forms.ChoiceField, self.fields["channel"]).choices = ways


def _mail_arrives(person: Patient | Contact) -> bool:
    """Whether mail would reach the person once they choose it: an address that sends it back has to be mended first,
    by a call. Whoever wanted no more mail may say yes again.
    """
    return not person.mail_consent or person.email_failed_at is None or not person.phone
