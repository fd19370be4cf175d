"""The parts of the booking page that it shows some dozens of times: weekdays to tick, the dates of a plan.

They are put together here and not in templates: as template variables and widgets of their own they took a third of
the page (`manage.py bench --only http`). What a person could have typed passes through `escape`.
"""

from html import escape
from typing import TYPE_CHECKING, Any

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_field
from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString, mark_safe

from scheduling.desk.booking_forms import KEEP_FOR, KEEP_HOURS
from scheduling.templatetags.look import clock_time, icon, short_day

if TYPE_CHECKING:
    from scheduling.desk.plan_cards import PlanCard, PlanLine

register = template.Library()


#: What fields looked like, by all that their look comes from; forgotten when there are many.
_fields: dict[tuple[Any, ...], SafeString] = {}
_MOST = 200


@register.filter
def known_field(field: BoundField) -> SafeString:
    """`as_crispy_field`, remembered: what was filled in so, with the same to choose from, looks the same. A field with
    errors is always made anew.
    """
    if field.errors:
        return mark_safe(str(as_crispy_field(field)))  # noqa: S308 -- markup of crispy-forms
    choices = tuple(getattr(field.field, "choices", ()))
    key = (type(field.form), field.form.is_bound, field.html_name, field.is_hidden, str(field.value()), choices)
    if key not in _fields:
        if len(_fields) >= _MOST:
            _fields.clear()
        _fields[key] = mark_safe(str(as_crispy_field(field)))  # noqa: S308 -- markup of crispy-forms
    return _fields[key]


@register.filter
def day_chips(field: BoundField) -> SafeString:
    """A field of weekdays (scheduling.desk.booking_forms.WeekdaysField) as chips, each a checkbox in its label."""
    name, base, ticked = escape(field.html_name), escape(field.auto_id), {str(one) for one in field.value() or ()}
    wrong = ' aria-invalid="true"' if field.errors else ""
    choices: Any = field.field
    chips = (
        f'<label class="chip" for="{base}_{number}"><input type="checkbox" name="{name}" value="{value}"'
        f'{wrong} id="{base}_{number}"{" checked" if str(value) in ticked else ""}>'
        f"<span>{escape(str(label))}</span></label>"
        for number, (value, label) in enumerate(choices.choices)
    )
    return mark_safe("".join(chips))  # noqa: S308 -- what comes from outside is escaped


@register.simple_tag
def plan_dates(card: "PlanCard", found: Any) -> SafeString:
    """The dates of a plan, each with its reasons and the links that swap or fix it. `found`: what the search gave."""
    at = f"?{found.carried}&plan={card.query}&fixed="
    has_tools = found.sessions > 1 and card.kept is None
    shown = []
    for line in card.lines:
        tools = _tools(line, escape(at), escape(found.fixed_query)) if has_tools else ""
        reasons = "".join(f'<span class="plan-why">{escape(reason)}</span>' for reason in line.reasons)
        shown.append(
            f'<li><span class="plan-line"><span class="plan-when">{escape(line.day)},'
            f' <span class="num nowrap">{escape(line.time)}</span></span>{tools}</span>'
            f"{_was(line, found)}{reasons}</li>"
        )
    return mark_safe("".join(shown))  # noqa: S308 -- what comes from outside is escaped


@register.simple_tag
def keep_hours() -> SafeString:
    """The options of how long a plan is kept."""
    return _KEEP_HOURS


_KEEP_HOURS = SafeString(
    "".join(
        f'<option value="{hours}"{" selected" if hours == KEEP_FOR else ""}>{words}</option>'
        for hours, words in KEEP_HOURS
    )
)


def _tools(line: "PlanLine", at: str, fixed: str) -> str:
    day = escape(line.day)
    fix = f'Fix<span class="visually-hidden"> visit {line.number} on {day}</span>'
    if line.is_fixed:
        fix = f'{icon("pin", 12)} Fixed<span class="visually-hidden">: let visit {line.number} move again</span>'
    return (
        f'<span class="plan-tools"><a class="tool" href="{at}{fixed}&amp;swap={line.number}#swap"'
        f' hx-swap="outerHTML show:#swap:top">Swap<span class="visually-hidden"> visit {line.number}, {day}</span></a>'
        f'<a class="tool{" tool-on" if line.is_fixed else ""}" href="{at}{escape(line.toggled)}">{fix}</a></span>'
    )


def _was(line: "PlanLine", found: Any) -> str:
    """Where a visit comes from that had to leave its place; else whether the best plan has another date."""
    if line.was is None:
        return f'<span class="tag tag-info">{icon("shuffle", 12)}<span>differs</span></span>' if line.is_other else ""
    zone = found.site.zone
    before = escape(f"{short_day(line.was, zone)}, {clock_time(line.was, zone)}")
    said = {
        "taken": f"{icon('triangle-alert', 12)} Not {before}: no longer free or not wished",
        "along": f"{icon('move-right', 12)} Moves along from {before}",
    }.get(line.left, f"{icon('check', 12)} Swapped, was {before}")
    return f'<span class="plan-was">{said}</span>'
