"""The small month calendar of a plan, and what the forms of all plans carry along.

Four plans have some hundred and fifty squares between them; put together here they cost a tenth of what they cost as
template variables (`manage.py bench --only http`). Nothing here was typed by a person, but for what passes through
format_html.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils import dates
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


def month_calendar(caption: str, weeks: Sequence[Sequence[tuple[date, int, bool]]]) -> SafeString:
    """A table of whole weeks. Of each day: the date, the number of the visit on it (0: none), and whether the best plan
    has none then."""
    names = (f'<th scope="col" abbr="{dates.WEEKDAYS[day]}">{str(dates.WEEKDAYS[day])[:2]}</th>' for day in range(7))
    head = f'<th scope="col"><span class="visually-hidden">Month</span></th>{"".join(names)}'
    rows = []
    month = 0
    for week in weeks:
        first = week[0][0]
        name = f'<th scope="row">{str(dates.MONTHS_3[first.month]).title()}</th>'
        rows.append(f"<tr>{name if first.month != month else '<td></td>'}{''.join(_square(*day) for day in week)}</tr>")
        month = first.month
    return format_html(
        '<table class="mini"><caption class="visually-hidden">Dates of {}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        caption,
        mark_safe(head),  # noqa: S308 -- Django's own words and our markup
        mark_safe("".join(rows)),  # noqa: S308 -- numbers and our markup
    )


def _square(day: date, number: int, is_other: bool) -> str:
    if not number:
        return f"<td>{day.day}</td>"
    look = "on other" if is_other else "on"
    return f'<td class="{look}">{day.day}<span class="visually-hidden"> visit {number}</span></td>'


def hidden_inputs(pairs: Iterable[tuple[str, str]]) -> SafeString:
    """Everything typed, for a form to carry along."""
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)
