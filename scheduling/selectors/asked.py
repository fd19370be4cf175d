"""What waits for a doctor at the chairs: questions that nurses asked, and treatments about to begin without an order.
Queries do not grow with the rows.
"""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic import clock
from clinic.models import User
from scheduling.models import Appointment, Order, Question

#: How far ahead the doctors see that an order is missing.
ORDERS_AHEAD = timedelta(hours=36)


def questions_waiting(user: User) -> list[Question]:
    """What was asked about visits at the user's sites, oldest first."""
    found = waiting_questions(user).select_related("appointment__patient", "appointment__site", "asked_by")
    return list(found.order_by("asked_at"))


def waiting_questions(user: User) -> QuerySet[Question]:
    """The rows of `questions_waiting`, to be counted."""
    return Question.objects.waiting().filter(appointment__in=Appointment.objects.for_user(user).blocking())


def without_order(user: User) -> list[Appointment]:
    """Treatments here or soon to come, at the user's sites, for which no doctor has ordered anything; soonest first."""
    found = unordered_visits(user).select_related("patient", "site", "protocol_version__protocol")
    return list(found.order_by("starts"))


def unordered_visits(user: User) -> QuerySet[Appointment]:
    """The visits of `without_order`, to be counted."""
    now = clock.now()
    orders = Order.objects.for_visit(OuterRef("pk"), OuterRef("series"))
    return (
        Appointment.objects.for_user(user)
        .filter(status__in=[Appointment.Status.BOOKED, Appointment.Status.ARRIVED], starts__lt=now + ORDERS_AHEAD)
        .filter(Q(ends__gt=now) | Q(status=Appointment.Status.ARRIVED))
        .exclude(kind=Appointment.Kind.CONSULT)
        .exclude(Exists(orders))
    )
