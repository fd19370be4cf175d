"""Who is on the earlier-time list, and what bars a time for each: other visits, answers given before. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from scheduling.models import Appointment, EarlierWish, Invitation
from scheduling.models.earlier import EarlierWishQuerySet
from scheduling.selectors.local_days import as_cells
from scheduling.selectors.series_rules import local_day

#: The answers after which the same day is not offered to the same person again.
ANSWERED_NO = (Invitation.Status.DECLINED, Invitation.Status.LAPSED)


def waiting(wishes: EarlierWishQuerySet, now: datetime) -> EarlierWishQuerySet:
    """Those of `wishes` that a time could still be found for at `now` (aware), who has waited longest first, with what
    is looked at of each.
    """
    return (
        wishes.waiting()
        .filter(
            appointment__status=Appointment.Status.BOOKED,
            appointment__starts__gt=now,
            patient__deceased_at__isnull=True,
            patient__is_active=True,
        )
        .select_related(
            "patient",
            "appointment__site",
            "appointment__patient",
            "appointment__practitioner",
            "appointment__ride",
            "appointment__series__protocol_version",
            "appointment__protocol_version__protocol",
        )
        .order_by("created_at")
    )


def busy_cells_of(visits: Sequence[Appointment]) -> dict[UUID, list[tuple[int, int]]]:
    """When each visit's patient is at another one, in cells, by the visit's id."""
    rows = (
        Appointment.objects.blocking()
        .filter(patient__in={visit.patient_id for visit in visits})
        .values_list("pk", "patient_id", "starts", "ends")
    )
    others: dict[UUID, list[tuple[UUID, tuple[int, int]]]] = defaultdict(list)
    for pk, patient, starts, ends in rows:
        others[patient].append((pk, as_cells(starts, ends)))
    return {visit.pk: [cells for pk, cells in others[visit.patient_id] if pk != visit.pk] for visit in visits}


def days_answered(wishes: Sequence[EarlierWish]) -> dict[UUID, set[date | None]]:
    """Local dates that each wish was offered and did not take; None among them: it is being asked about one now."""
    found: dict[UUID, set[date | None]] = {wish.pk: set() for wish in wishes}
    sites = {wish.pk: wish.appointment.site for wish in wishes}
    versions = {wish.pk: wish.appointment.version for wish in wishes}
    asked = Invitation.objects.filter(wish__in=found, status__in=[*ANSWERED_NO, Invitation.Status.OPEN])
    for one in asked.select_related("offer"):
        if one.status != Invitation.Status.OPEN:
            found[one.wish_id].add(local_day(one.offer.first_start, sites[one.wish_id]))
        elif one.visit_version == versions[one.wish_id]:
            found[one.wish_id].add(None)
    return found
