"""The rows of the doctor's courses. A list has fifty of them, so they are put together here and not in a template,
which took a quarter of the page (`manage.py bench --only doctor`). What a person could have typed passes through
`escape`.
"""

from collections.abc import Iterable
from html import escape

from django import template
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe

from scheduling.selectors.courses import Course
from scheduling.templatetags.look import icon, short_day

register = template.Library()


@register.simple_tag
def course_rows(courses: Iterable[Course]) -> SafeString:
    """A table row for each course: what was given, how often boosters come, the next one, the last pain."""
    return mark_safe("".join(map(_row, courses)))  # noqa: S308 -- what comes from outside is escaped


def _row(course: Course) -> str:
    series = course.series
    zone, name, url = series.site.zone, escape(series.patient.name), reverse("doctor:boosters", args=[series.pk])
    pain = _quiet("none") if course.last_pain is None else floatformat(course.last_pain)
    return (
        f'<tr><th scope="row">{name}</th>'
        f'<td data-label="Course">{escape(series.protocol_version.protocol.name)}</td>'
        f'<td data-label="Given" class="num nowrap">{course.treated} of {series.sessions}</td>'
        f'<td data-label="Last" class="num nowrap">{short_day(course.last_treated, zone) or "none"}</td>'
        f'<td data-label="Every" class="num nowrap">{_every(course)}</td>'
        f'<td data-label="Next" class="num nowrap">{_next(course)}</td>'
        f'<td data-label="Last pain" class="num">{pain}</td>'
        f'<td class="end"><a class="btn btn-sm btn-outline-primary" href="{url}">Open'
        f'<span class="visually-hidden"> the course of {name}</span></a></td></tr>'
    )


def _every(course: Course) -> str:
    if not course.every:
        return _quiet("not set")
    return escape(course.every) + (f" {_tag('eye', 'look again', ' tag-warn')}" if course.review_due else "")


def _next(course: Course) -> str:
    if course.next_visit is not None:
        return short_day(course.next_visit, course.series.site.zone)
    if course.is_paused:
        until = course.paused_until
        return _tag("pause", f"paused until {formats.date_format(until, 'M j')}" if until else "paused")
    return _tag("triangle-alert", "nothing booked", " tag-warn") if course.due_unbooked else _quiet("none")


def _tag(name: str, words: str, tone: str = "") -> str:
    return f'<span class="tag{tone}">{icon(name, 14)}<span>{words}</span></span>'


def _quiet(words: str) -> str:
    return f'<span class="muted">{words}</span>'
