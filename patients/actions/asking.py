"""Somebody who is no patient yet, and has no account, asks for a consult."""

from uuid import UUID

from django.utils.translation import gettext as _

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from patients.actions.checks import named
from patients.contact_points import required_email, required_phone
from patients.models import ConsultRequest


@action
def ask_for_consult(
    *,
    by: Actor,
    site: Site,
    key: UUID,
    name: str,
    email: str = "",
    phone: str = "",
    language: str,
    complaint: str = "",
    tried: str = "",
    best_times: str = "",
) -> ConsultRequest:
    """Take down a request for a consult at `site`; it waits on the desk's list. Nobody is written to: a public form
    that sends mail to whatever address is typed into it would be a tool for strangers.

    `key` names the form: it becomes the request's id, so that the same form sent twice asks once. `phone` as typed,
    read by the site's country. Raises Refused (with `field`) for a missing name, for something that is no telephone
    number or address, and where there is neither."""
    known = ConsultRequest.objects.filter(pk=key).first()
    if known is not None:
        return known
    whose, mail, number = named(name, "name"), required_email(email), required_phone(phone, site.country)
    if not mail and not number:
        raise Refused(
            _("Give a telephone number or an email address, so that we can answer you. Nothing was sent yet."),
            field="phone",
        )
    # Two copies of one form at once: the second finds what the first has written.
    request, _is_new = ConsultRequest.objects.get_or_create(
        pk=key,
        defaults={
            "site": site,
            "name": whose,
            "email": mail,
            "phone": number,
            "language": language,
            "complaint": complaint.strip(),
            "tried": tried.strip(),
            "best_times": best_times.strip(),
            "created_at": clock.now(),
        },
    )
    return request
