"""What patients have asked for and nobody has answered: consults, and visits to move or cancel."""

from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import Site, User
from patients.contact_points import read_phone
from patients.models import ConsultRequest, Patient
from patients.search import search
from scheduling import wishes as wishes_json
from scheduling.models import ChangeRequest
from scheduling.planner.values import Wishes
from scheduling.selectors.planning import Slot

#: How many patients who may be the one that asks are shown.
LIKELY = 5


def waiting_consult_requests(user: User) -> QuerySet[ConsultRequest]:
    """Consult requests at the user's sites that nobody has answered, oldest first."""
    return ConsultRequest.objects.filter(
        site__in=Site.objects.for_user(user), status=ConsultRequest.Status.WAITING
    ).select_related("site", "patient")


def waiting_changes(user: User) -> QuerySet[ChangeRequest]:
    """Visits at the user's sites that patients ask to move or cancel, soonest visit first."""
    return (
        ChangeRequest.objects.for_user(user)
        .waiting()
        .select_related(
            "patient", "appointment__site", "appointment__series", "appointment__protocol_version__protocol"
        )
        .order_by("appointment__starts")
    )


def likely_patients(user: User, asked: ConsultRequest) -> list[Patient]:
    """The user's patients who may be the one that asks: the same telephone, email or name."""
    if asked.patient_id is not None:
        return list(Patient.objects.for_user(user).filter(pk=asked.patient_id))
    same = Q(pk__in=search(user, asked.name).values("pk"))
    phone = read_phone(asked.phone, asked.site.country) if asked.phone else ""
    if phone:
        same |= Q(phone=phone)
    if asked.email:
        same |= Q(email__iexact=asked.email)
    return list(Patient.objects.for_user(user).filter(same)[:LIKELY])


def wishes_of(asked: ChangeRequest) -> Wishes:
    """What the patient says would suit."""
    return wishes_json.from_json(asked.wishes)


def suits(wishes: Wishes, slot: Slot, zone: ZoneInfo) -> bool:
    """Whether a free time lies within the patient's hours."""
    if wishes.patient_can is None:
        return True
    begin, end = clock.local(slot.starts, zone), clock.local(slot.ends, zone)
    stretches = wishes.patient_can.get(begin.weekday(), ())
    first, last = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    return any(start <= first and last <= until for start, until in stretches)
