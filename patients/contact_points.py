"""Telephone numbers and addresses as people type them and as other systems send them (FHIR ContactPoint)."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from clinic.errors import Refused


def read_phone(text: str, country: str) -> str | None:
    """`text` as E.164 ("+15085550123"), or None when it is no telephone number.

    `country` (ISO 3166-1 alpha-2) decides how a number without a country code is read. A number of the right length
    is taken even where no such range is in use, as with the 555 numbers of examples: whether somebody answers, only a
    call can tell."""
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(e164: str, country: str) -> str:
    """A stored number as people of `country` write it; one from abroad keeps its country code."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    at_home = number.country_code == phonenumbers.country_code_for_region(country.upper())
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def is_email(text: str) -> bool:
    """Whether mail could be sent to `text` at all."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def required_phone(text: str, country: str, *, field: str = "phone") -> str:
    """`text` as E.164, empty when it is empty. Raises Refused for `field` when it is something else than a number."""
    if not text.strip():
        return ""
    number = read_phone(text, country)
    if number is None:
        raise Refused(
            _(
                "“%(text)s” is not a telephone number. Nothing was saved; write it with its area code, such as "
                "508-555-0123, or leave it empty."
            )
            % {"text": text.strip()},
            field=field,
        )
    return number


def required_email(text: str, *, field: str = "email") -> str:
    """`text` trimmed, empty when it is empty. Raises Refused for `field` when it is no address."""
    address = text.strip()
    if address and not is_email(address):
        raise Refused(
            _("“%(text)s” is not an email address. Nothing was saved; correct it, or leave it empty.")
            % {"text": address},
            field=field,
        )
    return address
