"""One visit opened from the board: who it is, how it stands, and what can be done next, the move among it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.desk.caller_form import with_caller
from scheduling.desk.moving_forms import MoveForm
from scheduling.models import Appointment, Phase
from scheduling.selectors import planning
from scheduling.selectors.planning import Slot
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.visits import VisitPhase, has_phase, phase_due, phase_of, planned_chair, record_or_none

#: Times of one day that are offered: a day has fewer quarters of an hour.
MOST_TIMES = 100
#: A time that somebody pointed at counts as meant when a legal one lies so near.
NEAR = timedelta(minutes=15)


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def visit(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The visit's panel; for htmx alone, else as a page.

    `?starts=` (ISO moment): where it was dropped on the board; the move's form then has the legal time nearest to it.
    """
    found = _visit_or_404(request, pk)
    phase, record, now = phase_of(found), record_or_none(found), clock.now()
    due = phase_due(found)
    day = local_day(found.starts, found.site)
    place = planned_chair(found) if record is None or record.chair is None else record.chair
    context: dict[str, Any] = {
        "visit": found,
        "site": found.site,
        "phase": phase,
        "record": record,
        "ride": getattr(found, "ride", None),
        "chair": place,
        "day": day,
        # Who comes on another day is recorded on the visit's own page: two keystrokes here are too few for that.
        "is_today": day == clock.today(found.site.zone),
        "board": reverse("desk:board", args=[found.site_id, day]) + f"#visit-{found.pk}",
        "due": due,
        "is_late": due is not None and due < now and phase in {VisitPhase.EXPECTED, VisitPhase.HERE},
        "has_begun": found.starts <= now,
        "to_recovery": phase is VisitPhase.INFUSING and has_phase(found, Phase.Kind.RECOVER),
    }
    if request.user.may(Permission.BOOK) and found.status in {Appointment.Status.PROPOSED, Appointment.Status.BOOKED}:
        context |= _move(request, found, now)
    name = "desk/board/_panel.html" if request.htmx else "desk/board/visit.html"  # type: ignore[attr-defined]
    return render(request, name, context)


def _move(request: StaffRequest, found: Appointment, now: datetime) -> dict[str, Any]:
    """Legal times of the day that the visit is on, or was dropped on."""
    wanted = _asked(request.GET.get("starts", ""))
    day = local_day(wanted or found.starts, found.site)
    slots = planning.visit_slots(appointment=found, first_day=day, days=1, now=now, limit=MOST_TIMES)
    chosen = _nearest(slots, wanted) if wanted is not None else None
    form = with_caller(MoveForm(), found.patient)
    return {"may_move": True, "form": form, "slots": slots, "wanted": wanted, "chosen": chosen, "move_day": day}


def _nearest(slots: list[Slot], wanted: datetime) -> Slot | None:
    nearest = min(slots, key=lambda slot: abs(slot.starts - wanted), default=None)
    return nearest if nearest is not None and abs(nearest.starts - wanted) < NEAR else None


def _asked(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def _visit_or_404(request: StaffRequest, pk: UUID) -> Appointment:
    visits = (
        Appointment.objects.for_user(request.user)
        .select_related(
            *("patient", "site", "series", "practitioner__resource", "protocol_version__protocol"),
            *("record__chair", "record__nurse", "ride__companion"),
        )
        .prefetch_related("protocol_version__phases")
    )
    return opened(get_object_or_404(visits, pk=pk))
