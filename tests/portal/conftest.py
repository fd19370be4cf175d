"""A patient with three visits to come, and people who could drive."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from clinic import clock
from patients.models import Contact, Patient
from scheduling.messages import links
from scheduling.models import Appointment, Link, Ride, Series
from tests import factories

#: Monday, Wednesday and Friday of the week after factories.NOW.
DAYS = (date(2027, 4, 12), date(2027, 4, 14), date(2027, 4, 16))


@pytest.fixture(autouse=True)
def at_rest() -> Iterator[None]:
    """A quiet Monday morning, and nobody has knocked yet."""
    cache.clear()
    with clock.at_moment(factories.NOW):
        yield


@pytest.fixture
def clinic(db: None) -> factories.Clinic:
    """A small clinic."""
    return factories.make_clinic()


@pytest.fixture
def ada(clinic: factories.Clinic) -> Patient:
    """A patient."""
    return factories.make_patient(clinic.site, cleared=True, consented=True)


@pytest.fixture
def visits(clinic: factories.Clinic, ada: Patient) -> list[Appointment]:
    """Three infusions at nine."""
    return make_visits(clinic, ada, DAYS)


@pytest.fixture
def ben(ada: Patient) -> Contact:
    """Somebody who may drive and be told."""
    return make_driver(ada, "Ben Quill", email="ben@example.org", phone="+15185550188")


@pytest.fixture
def at_ada(client: Client, ada: Patient) -> Client:
    """The patient's browser with the link opened."""
    return open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))


def make_driver(patient: Patient, name: str, **fields: object) -> Contact:
    """A contact of the patient's, an adult who may drive and be told."""
    values = {"is_adult": True, "may_drive": True, "may_be_told": True} | fields
    return Contact.objects.create(patient=patient, name=name, **values)


def make_visits(
    clinic: factories.Clinic, patient: Patient, days: tuple[date, ...], hour: int = 9, **fields: object
) -> list[Appointment]:
    """Booked infusions of one series, each with nobody named to drive yet."""
    series = Series.objects.create(
        patient=patient,
        site=clinic.site,
        protocol_version=clinic.induction,
        sessions=6,
        first_day=days[0],
        created_at=clock.now(),
    )
    made = []
    for number, day in enumerate(days, start=1):
        starts = clinic.at(day, hour)
        values = {"status": Appointment.Status.BOOKED} | fields
        visit = Appointment.objects.create(
            patient=patient,
            site=clinic.site,
            series=series,
            protocol_version=clinic.induction,
            kind=Appointment.Kind.INFUSION,
            number=number,
            starts=starts,
            ends=starts + timedelta(minutes=115),
            created_at=clock.now(),
            **values,
        )
        Ride.objects.create(appointment=visit, changed_at=clock.now())
        made.append(visit)
    return made


def open_link(client: Client, url: str) -> Client:
    """Open a link as a browser does."""
    response = client.get(path_of(url))
    assert response.status_code == 302, response.content
    assert response["Location"] == "/my/"
    return client


def path_of(url: str) -> str:
    """The path of an absolute URL."""
    return "/" + url.split("/", 3)[3]
