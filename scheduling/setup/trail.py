"""The audit trail, searched by managers, and as a CSV file."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock, opening
from clinic.models import AuditEvent
from clinic.permissions import Permission
from clinic.rates import FILES_OUT, SEARCHES, limited
from clinic.views import StaffRequest, needs
from scheduling.selectors import trail
from scheduling.setup.base_forms import SearchedDayField
from scheduling.setup.csv_cells import safe

#: Events on a page.
PER_PAGE = 50
#: Events in a file: more is for a copy of the database.
MOST = 100_000
#: Rows made into words together.
CHUNK = 500
HEADINGS = (
    *("when (UTC)", "who", "kind", "for caller", "deed", "what", "row", "patient record", "columns", "before", "after"),
    *("action", "reason", "from where", "database role", "event"),
)


class TrailForm(forms.Form):
    """What to look for."""

    who = forms.CharField(label="Who", required=False, max_length=80)
    patient = forms.CharField(label="Patient (name or number)", required=False, max_length=80)
    operation = forms.ChoiceField(label="Deed", required=False)
    table = forms.ChoiceField(label="What", required=False)
    first = SearchedDayField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = SearchedDayField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        names = sorted((str(model._meta.verbose_name), table) for table, model in trail.tables().items())
        deeds = [(value, str(label)) for value, label in AuditEvent.Operation.choices]
        self.fields["operation"].choices = [("", "any"), *deeds]  # type: ignore[attr-defined]
        self.fields["table"].choices = [("", "anything"), *((table, name) for name, table in names)]  # type: ignore[attr-defined]
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def clean(self) -> dict[str, object]:
        """The days in their order."""
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", "The last day lies before the first.")
        return data


def _search(request: StaffRequest) -> tuple[TrailForm, trail.Search | None]:
    form = TrailForm(request.GET)
    return form, trail.Search(**form.cleaned_data) if form.is_valid() else None


@require_safe
@needs(Permission.VIEW_AUDIT)
@limited(SEARCHES)
def page(request: StaffRequest) -> HttpResponse:
    """Who did what when: newest first, narrowed by the address, a page at a time."""
    return _page(request, *_search(request))


def _page(request: StaffRequest, form: TrailForm, search: trail.Search | None) -> HttpResponse:
    zone = trail.zone_of(request.user)
    events: list[AuditEvent] = []
    if search is not None:
        found = trail.found(request.user, search, zone)
        before = request.GET.get("before", "")
        if before.isdecimal() and len(before) < 19:
            found = found.filter(pk__lt=int(before))
        events = list(found[: PER_PAGE + 1])
    context = {
        "form": form,
        "lines": trail.lines(events[:PER_PAGE]),
        "zone": zone,
        "older": events[PER_PAGE - 1].pk if len(events) > PER_PAGE else None,
        "is_later": "before" in request.GET,
        "today": clock.today(zone).isoformat(),
        "week": (clock.today(zone) - timedelta(days=6)).isoformat(),
    }
    return render(request, "setup/trail.html", context, status=200 if search is not None else 422)


@require_safe
@needs(Permission.VIEW_AUDIT)
@limited(FILES_OUT)
def as_csv(request: StaffRequest) -> HttpResponse:
    """The events that fit as a file, newest first; the copy that was taken is itself on the trail."""
    form, search = _search(request)
    if search is None:
        return _page(request, form, None)
    opening.write(None, "setup:trail_csv", request.user, reason=search.words())
    events = trail.found(request.user, search, trail.zone_of(request.user))[:MOST]
    name = f"audit-trail-{clock.now():%Y-%m-%d}.csv"
    response = StreamingHttpResponse(
        _rows(list(events.values_list("pk", flat=True))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return cast(HttpResponse, response)


class _Echo:
    """What csv writes into: it hands the line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _rows(keys: list[int]) -> Iterator[str]:
    out = csv.writer(_Echo())
    yield out.writerow(HEADINGS)
    for start in range(0, len(keys), CHUNK):
        events = list(AuditEvent.objects.filter(pk__in=keys[start : start + CHUNK]).order_by("-pk"))
        for line in trail.lines(events):
            yield out.writerow([safe(cell) for cell in _cells(line)])


def _cells(line: trail.Line) -> list[object]:
    event = line.event
    hidden = "(clinical, not shown)"
    return [
        *(event.at.isoformat(), line.who, event.actor_kind, event.caller_name, line.deed, line.thing, event.row),
        line.patient.record_number if line.patient is not None else "",
        "; ".join(column.name for column in line.columns),
        "; ".join(hidden if column.before is None else column.before for column in line.columns),
        "; ".join(hidden if column.after is None else column.after for column in line.columns),
        *(event.action, event.reason, event.origin, event.database_role, event.pk),
    ]
