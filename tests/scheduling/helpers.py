"""Booking as the screens do it: plan first, then book what was planned."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime, time
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg2
from django.conf import settings
from django.db import connection

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import booking, holds, offers
from scheduling.actions.series_writing import SeriesOrder
from scheduling.models import Appointment, Hold, Message, Offer, ProtocolVersion, Series
from scheduling.planner.values import Wishes
from scheduling.selectors import planning
from tests.factories import FIRST_DAY, Clinic

MORNINGS = Wishes(preferred_from=9 * 60, preferred_until=10 * 60)


def best_starts(
    clinic: Clinic,
    patient: Patient,
    *,
    first_day: date = FIRST_DAY,
    wishes: Wishes = MORNINGS,
    version: ProtocolVersion | None = None,
) -> list[datetime]:
    """The starts of the best plan, in UTC."""
    result = planning.plan_series(
        site=clinic.site,
        version=version or clinic.induction,
        wishes=wishes,
        first_day=first_day,
        patient=patient,
        now=clock.now(),
    )
    return planning.moments_of(result.plans[0])


def series_order(
    clinic: Clinic, patient: Patient, starts: Sequence[datetime] | None = None, **changes: Any
) -> SeriesOrder:
    """An order for six infusions in the mornings from FIRST_DAY on: the best plan, or exactly `starts`; `changes`
    replace fields.
    """
    what: dict[str, Any] = {
        "patient": patient,
        "site": clinic.site,
        "version": clinic.induction,
        "first_day": FIRST_DAY,
        "wishes": MORNINGS,
    } | changes
    if starts is None:
        starts = best_starts(clinic, patient, first_day=what["first_day"], version=what["version"])
    return SeriesOrder(**what, starts=starts)


def book(clinic: Clinic, patient: Patient, starts: Sequence[datetime] | None = None, **changes: Any) -> Series:
    """Book a `series_order`; `changes` replace fields of the order or arguments of the action."""
    of_order = {field.name for field in fields(SeriesOrder)}
    order = {name: value for name, value in changes.items() if name in of_order}
    how: dict[str, Any] = {"by": clinic.by(Role.FRONT_DESK), "key": uuid4()}
    how |= {name: value for name, value in changes.items() if name not in of_order}
    return booking.book_series(order=series_order(clinic, patient, starts, **order), **how)


def keep(
    clinic: Clinic,
    patient: Patient,
    starts: Sequence[datetime] | None = None,
    *,
    hours: int = 24,
    key: UUID | None = None,
    **changes: Any,
) -> Offer:
    """Keep a `series_order` for the patient; `changes` replace fields of the order."""
    order = series_order(clinic, patient, starts, **changes)
    return offers.keep_plan(by=clinic.by(Role.FRONT_DESK), order=order, hours=hours, key=key or uuid4())


def bookings_are_told() -> None:
    """What was booked so far has been told: from now on the patients know these dates."""
    kinds = [Message.Kind.BOOKED, Message.Kind.HELD, Message.Kind.CONSULT_BOOKED]
    Message.objects.filter(kind__in=kinds, state=Message.State.DUE).update(
        state=Message.State.SENT, sent_at=clock.now()
    )


def consult(clinic: Clinic, patient: Patient, starts: datetime, **changes: Any) -> Appointment:
    """Book a consult with the clinic's doctor."""
    order: dict[str, Any] = {
        "by": clinic.by(Role.FRONT_DESK),
        "patient": patient,
        "site": clinic.site,
        "version": clinic.consult,
        "doctor": clinic.doctor,
        "mode": Appointment.Mode.IN_PERSON,
        "key": uuid4(),
    } | changes
    return booking.book_consult(**order, starts=starts)


def treat(visits: Sequence[Appointment]) -> None:
    """Write these visits down as done and counted, their time given back, without the steps of the nurse's screens."""
    for visit in visits:
        holds.release([visit])
    Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).update(
        status=Appointment.Status.FULFILLED, ending="completed", counts=True
    )


def visits_of(series: Series) -> list[Appointment]:
    """All visits of a series in order of time."""
    return list(series.appointments.order_by("starts").select_related("site", "patient", "protocol_version", "series"))


def wall(visit: Appointment) -> tuple[date, time]:
    """The local date and time of a visit's start."""
    local = clock.local(visit.starts, visit.site.zone)
    return local.date(), local.time()


def overlaps_in_holds() -> int:
    """Pairs of holds that share a resource, a unit and a cell, counted without the constraint's help."""
    rows = list(Hold.objects.values_list("resource_id", "start_cell", "end_cell", "first_unit", "end_unit"))
    return sum(
        a[0] == b[0] and a[1] < b[2] and b[1] < a[2] and a[3] < b[4] and b[3] < a[4]
        for number, a in enumerate(rows)
        for b in rows[number + 1 :]
    )


@contextmanager
def as_owner() -> Iterator[Any]:
    """A cursor of the database role that owns the tables, for controls that take a constraint away."""
    owner = settings.DATABASES["owner"]
    link = psycopg2.connect(
        host=owner["HOST"],
        port=owner["PORT"] or None,
        user=owner["USER"],
        password=owner["PASSWORD"] or None,
        dbname=connection.settings_dict["NAME"],
    )
    link.autocommit = True
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each job in a thread and connection of its own, all started together; results or exceptions, in order."""
    moment, start = clock.now(), Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            with clock.at_moment(moment):
                start.wait(timeout=30)
                return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))
