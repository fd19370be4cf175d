"""Answers about self-harm that no clinician has acknowledged."""

from django.db.models import QuerySet

from clinic.models import Site, User
from patients.models import SafetyAlert


def alerts_waiting(user: User) -> list[SafetyAlert]:
    """Those of the user's sites, the oldest first."""
    return list(waiting_alerts(user).select_related("patient", "site", "assigned_to").order_by("raised_at"))


def waiting_alerts(user: User) -> QuerySet[SafetyAlert]:
    """The rows of `alerts_waiting`, to be counted."""
    return SafetyAlert.objects.filter(acknowledged_at=None, site__in=Site.objects.for_user(user))
