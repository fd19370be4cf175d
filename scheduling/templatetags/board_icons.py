"""The board's icons, each drawn once: a board shows the same few some hundred times and refers to them by name."""

from functools import cache

from django import template
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from scheduling.templatetags.look import STATUSES

register = template.Library()

_OTHERS = ("activity", "bed", "circle-plus", "clock-alert", "hourglass", "timer", "triangle-alert")


@register.simple_tag
@cache
def icon_sheet() -> SafeString:
    """Every icon of a status and of the board, to be used as `<use href="#i-NAME">`."""
    names = sorted({icon for _, icon in STATUSES.values()} | set(_OTHERS))
    drawn = "".join(lucide(name, size=24, id=f"i-{name}") for name in names)
    return mark_safe(f'<svg class="icon-sheet" width="0" height="0" aria-hidden="true">{drawn}</svg>')  # noqa: S308 -- icons of the package, drawn by it
