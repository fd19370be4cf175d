"""How to reach somebody, as people of a country write it."""

from django import template

from patients.contact_points import show_phone

register = template.Library()


@register.filter
def shown_phone(number: str, country: str) -> str:
    """A stored number (E.164) as people of `country` (ISO 3166-1 alpha-2) write it; one that is no number stays as
    it is.
    """
    return show_phone(number, country)
