"""The people's background work."""

import structlog
from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from clinic.models import Site, StaffMember, User
from clinic.permissions import Role
from patients.actions.emergency import ALARM
from patients.models import EmergencyAccess

log = structlog.get_logger(__name__)


@shared_task(name=ALARM)
def alarm_managers(key: str) -> None:
    """Mail the managers concerned that a record was opened in an emergency: not whose, and not by whom."""
    access = EmergencyAccess.objects.filter(pk=key, reviewed_at=None).first()
    if access is None:
        return
    sites = Site.objects.filter(patients=access.patient_id) | Site.objects.filter(staff__user=access.user_id)
    managers = StaffMember.objects.with_role(Role.MANAGER).filter(sites__in=sites.values("pk"))
    addresses = User.objects.filter(staff_member__in=managers, is_active=True).exclude(email="")
    link = settings.PUBLIC_URL.rstrip("/") + reverse("setup:emergencies")
    text = (
        "A record was opened in an emergency by somebody who does not work at the patient's site.\n\n"
        f"Please look at it:\n{link}\n"
    )
    for address in sorted(set(addresses.values_list("email", flat=True))):
        try:
            EmailMessage("A record was opened in an emergency", text, to=[address]).send()
        except OSError:
            # One bad address stops nothing; the row stands on the managers' page.
            log.warning("alarm_not_sent", access=key, exc_info=True)
