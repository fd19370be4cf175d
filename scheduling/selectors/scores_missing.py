"""Treatments after which nothing was heard of how the patient does, and about which nobody has asked yet."""

from datetime import timedelta

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Value

from clinic import clock
from patients.models import SCORES, Observation
from scheduling.messages.asking import ASKED_LASTS
from scheduling.models import Appointment, Message, Series

_DAY = Value(timedelta(days=1))


def to_ask() -> QuerySet[Appointment]:
    """The last treatment of each running course that lies back so many days as its site says, without a score since and
    without having been asked about. One that lies back much longer is left alone: the answer would be about now.
    """
    now = clock.now()
    later = Appointment.objects.filter(series=OuterRef("series"), counts=True, starts__gt=OuterRef("starts"))
    scored = Observation.objects.filter(
        patient=OuterRef("patient"), measure__in=SCORES, effective_at__gt=OuterRef("ends")
    )
    asked = Message.objects.filter(appointment=OuterRef("pk"), kind=Message.Kind.SCORE_ASKED)
    waited = ExpressionWrapper(F("site__score_asked_after_days") * _DAY, output_field=DurationField())
    return (
        Appointment.objects.filter(counts=True, series__status=Series.Status.ACTIVE, patient__is_active=True)
        .filter(patient__deceased_at=None)
        .alias(asked_at=ExpressionWrapper(F("ends") + waited, output_field=Appointment._meta.get_field("ends")))
        .filter(asked_at__lte=now, asked_at__gt=now - ASKED_LASTS)
        .exclude(Exists(later))
        .exclude(Exists(scored))
        .exclude(Exists(asked))
        .select_related("patient", "site", "series")
        .order_by("ends")
    )
