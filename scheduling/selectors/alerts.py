"""Answers about self-harm that no clinician has acknowledged."""

from clinic.models import Site, User
from patients.models import SafetyAlert


def alerts_waiting(user: User) -> list[SafetyAlert]:
    """Those of the user's sites, the oldest first."""
    waiting = SafetyAlert.objects.filter(acknowledged_at=None, site__in=Site.objects.for_user(user))
    return list(waiting.select_related("patient", "site", "assigned_to").order_by("raised_at"))
