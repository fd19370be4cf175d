"""What the database knows of the work, for Prometheus."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min, Q

from clinic import clock
from clinic.metrics import Reading
from patients.models import SafetyAlert
from scheduling.models import Appointment, Message

State = Message.State


def readings() -> Iterator[Reading]:
    """Messages due, late, failed and with a person; visits of the next day; the oldest alert that no clinician has
    acknowledged. Three queries.
    """
    now = clock.now()
    waits = Q(state__in=[State.DUE, State.SENDING])
    standing = [State.DUE, State.SENDING, State.FAILED, State.PERSON]
    told = Message.objects.filter(state__in=standing).aggregate(
        due=Count("pk", filter=waits & Q(due_at__lte=now)),
        oldest=Min("due_at", filter=waits & Q(due_at__lte=now)),
        person=Count("pk", filter=Q(state=State.PERSON)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
    )
    late = (now - told["oldest"]).total_seconds() if told["oldest"] else 0.0
    yield "clinic_messages_due", "Messages that are due now", told["due"]
    yield "clinic_messages_late_seconds", "For how long the oldest of them has been due", late
    yield "clinic_messages_for_a_person", "Messages that somebody has to tell", told["person"]
    yield "clinic_messages_failed", "Messages that failed and wait for somebody", told["failed"]
    ahead = Appointment.objects.filter(
        status__in=Appointment.BLOCKING, starts__gte=now, starts__lt=now + timedelta(days=1)
    )
    yield "clinic_visits_next_day", "Visits of the next 24 hours", ahead.count()
    oldest = SafetyAlert.objects.filter(acknowledged_at=None).aggregate(found=Min("raised_at"))["found"]
    waited = (now - oldest).total_seconds() if oldest else 0.0
    yield (
        "clinic_alerts_waiting_seconds",
        "For how long the oldest answer that a clinician has to see has waited",
        waited,
    )
