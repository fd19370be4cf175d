"""What a full board costs: as many queries with 300 visits as with 10."""

from datetime import timedelta
from uuid import UUID

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import Site
from scheduling.models import Appointment, Ride, Series, VisitRecord
from tests.factories import FIRST_DAY, Clinic, make_chair, make_patient


def fill(clinic: Clinic, count: int) -> None:
    """So many visits on FIRST_DAY, each with a driver's answer or none, each second one here; written directly."""
    now = clock.now()
    for number in range(count):
        patient = make_patient(clinic.site)
        series = Series.objects.create(
            patient=patient,
            site=clinic.site,
            protocol_version=clinic.induction,
            sessions=6,
            first_day=FIRST_DAY,
            created_at=now,
        )
        starts = clinic.at(FIRST_DAY, 8) + timedelta(minutes=5 * (number % 90))
        visit = Appointment.objects.create(
            patient=patient,
            site=clinic.site,
            series=series,
            protocol_version=clinic.induction,
            kind=Appointment.Kind.INFUSION,
            status=Appointment.Status.ARRIVED if number % 2 else Appointment.Status.BOOKED,
            starts=starts,
            ends=starts + timedelta(minutes=115),
            created_at=now,
        )
        chair = make_chair(clinic.site, f"Extra {visit.pk}")
        if number % 2:
            VisitRecord.objects.create(appointment=visit, arrived_at=now, chair=chair)
        if number % 3:
            Ride.objects.create(appointment=visit, status=Ride.Status.NEEDED, changed_at=now)


def queries(clerk: Client, address: str) -> int:
    caches["drawn"].clear()
    with CaptureQueriesContext(connection) as found:
        assert clerk.get(address).status_code in {200, 204}
    return len(found)


def addresses(site: Site, visit: UUID) -> list[str]:
    return [
        reverse("desk:board", args=[site.pk, FIRST_DAY]),
        reverse("desk:board_changes", args=[site.pk, FIRST_DAY]),
        reverse("desk:board_week", args=[site.pk, FIRST_DAY]),
        reverse("desk:board_visit", args=[visit]),
        reverse("desk:board_free", args=[site.pk, FIRST_DAY]) + "?from=10:15&q=ada",
    ]


def test_the_number_of_queries_is_the_same_with_10_and_with_300_visits(clerk: Client, harbor: Clinic) -> None:
    fill(harbor, 10)
    visit = Appointment.objects.earliest("starts").pk
    clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY]))
    few = [queries(clerk, address) for address in addresses(harbor.site, visit)]
    fill(harbor, 290)
    many = [queries(clerk, address) for address in addresses(harbor.site, visit)]
    assert many == few
    page = clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY]))
    assert page.content.decode().count('class="visit visit-') == 300
