"""The board refreshes by itself: one cheap query while nothing changed, and every change on it is seen."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import Closure, ShiftException, Site
from clinic.permissions import Role
from patients.actions import Terms, decide_clearance
from patients.models import Clearance, Patient
from scheduling.actions import moving, rides
from scheduling.actions import visit as visits
from scheduling.models import Appointment
from scheduling.selectors.board_version import day_version
from tests.desk.conftest import SignIn
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, consult, keep, visits_of


def look(clerk: Client, site: Site, since: str = "", day: Any = FIRST_DAY) -> Any:
    headers = {"X-Requested-With": "fetch"}  # as board.js asks
    return clerk.get(reverse("desk:board_changes", args=[site.pk, day]), {"since": since}, headers=headers)


def version(clinic: Clinic, day: Any = FIRST_DAY) -> str:
    user = clinic.by(Role.FRONT_DESK).user
    assert user is not None
    found = day_version(user.pk, clinic.site.pk, day, clock.now())
    assert found is not None
    return found


@pytest.fixture
def first(harbor: Clinic, patient: Patient) -> Appointment:
    """The first of six booked infusions, on FIRST_DAY."""
    return visits_of(book(harbor, patient))[0]


def test_a_look_at_an_unchanged_board_costs_one_query_beyond_session_and_user(
    clerk: Client, harbor: Clinic, first: Appointment
) -> None:
    since = look(clerk, harbor.site).context["version"]
    with CaptureQueriesContext(connection) as queries:
        answer = look(clerk, harbor.site, since)
    assert answer.status_code == 204
    assert answer.content == b""
    assert len(queries) == 3
    for query, table in zip(queries, ("django_session", "clinic_user", "scheduling_appointment"), strict=True):
        assert table in query["sql"]


def test_a_board_is_drawn_once_in_a_minute_and_again_when_something_changes(
    clerk: Client, harbor: Clinic, first: Appointment
) -> None:
    address = reverse("desk:board", args=[harbor.site.pk, FIRST_DAY])

    def opened() -> tuple[str, int]:
        with CaptureQueriesContext(connection) as queries:
            html = clerk.get(address).content.decode()
        return html[html.index('id="board"') : html.index("<dialog")], len(queries)

    drawn, queries_to_draw = opened()
    again, queries = opened()
    assert again == drawn
    assert queries < queries_to_draw - 5, "nothing of the day is read"

    visits.arrive(by=harbor.by(Role.FRONT_DESK), appointment=first)
    changed, _ = opened()
    assert "visit-arrived" in changed
    assert "visit-arrived" not in drawn
    with clock.at_moment(NOW + timedelta(minutes=1)):
        assert clock.local(clock.now(), harbor.site.zone).strftime("%-I:%M") in opened()[0], "the minute that it shows"


def test_what_is_drawn_for_one_who_books_is_not_sent_to_one_who_may_not(
    clerk: Client, signed_in: SignIn, harbor: Clinic, first: Appointment
) -> None:
    address = reverse("desk:board", args=[harbor.site.pk, FIRST_DAY])
    assert "book here" in clerk.get(address).content.decode()
    assert "book here" not in signed_in(Role.NURSE).get(address).content.decode()
    assert "book here" in clerk.get(address).content.decode()


def test_a_changed_board_comes_whole_and_with_its_new_version(
    clerk: Client, harbor: Clinic, first: Appointment
) -> None:
    since = look(clerk, harbor.site).context["version"]
    visits.arrive(by=harbor.by(Role.FRONT_DESK), appointment=first)
    answer = look(clerk, harbor.site, since)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f'data-version="{version(harbor)}"' in html
    assert "visit-arrived" in html
    assert "<html" not in html, "the part that changes, and no page around it"
    assert look(clerk, harbor.site, version(harbor)).status_code == 204


def moved(clinic: Clinic, first: Appointment) -> None:
    moving.move_visit(
        by=clinic.by(Role.FRONT_DESK),
        appointment=first,
        starts=first.starts + timedelta(minutes=30),
        reason="Asked.",
        version=first.version,
    )


def cancelled(clinic: Clinic, first: Appointment) -> None:
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=first, reason="Ill.", version=first.version)


def booked(clinic: Clinic, first: Appointment) -> None:
    book(clinic, make_patient(clinic.site, cleared=True))


def consulted(clinic: Clinic, first: Appointment) -> None:
    consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 15))


def kept(clinic: Clinic, first: Appointment) -> None:
    asking = make_patient(clinic.site, cleared=True)
    keep(clinic, asking)


def driven(clinic: Clinic, first: Appointment) -> None:
    rides.name_new_companion(
        by=clinic.by(Role.FRONT_DESK),
        appointments=[first],
        name="Ben Quill",
        phone="+15185550111",
        email="",
        is_adult=True,
        confirmed=True,
    )


def renamed(clinic: Clinic, first: Appointment) -> None:
    Patient.objects.filter(pk=first.patient_id).update(family_name="Quilt")


def conditioned(clinic: Clinic, first: Appointment) -> None:
    with clock.at_moment(NOW + timedelta(seconds=1)):
        decide_clearance(
            by=clinic.by(Role.DOCTOR),
            patient=first.patient,
            decision=Clearance.Decision.CONDITIONS,
            valid_until=FIRST_DAY + timedelta(days=90),
            terms=Terms(needs_bed=True),
        )


def closed(clinic: Clinic, first: Appointment) -> None:
    Closure.objects.create(
        resource=clinic.chairs[0], starts=clinic.at(FIRST_DAY, 12), ends=clinic.at(FIRST_DAY, 13), reason="Repair"
    )


def shifted(clinic: Clinic, first: Appointment) -> None:
    ShiftException.objects.create(
        staff_member=clinic.nurses[1], site=clinic.site, date=FIRST_DAY, starts=time(9), ends=time(12)
    )


def opened_longer(clinic: Clinic, first: Appointment) -> None:
    clinic.site.opening_hours.filter(weekday=FIRST_DAY.weekday()).update(closes="19:00")


def put_away(clinic: Clinic, first: Appointment) -> None:
    clinic.chairs[2].is_active = False
    clinic.chairs[2].save()


CHANGES = (
    moved,
    cancelled,
    booked,
    consulted,
    kept,
    driven,
    renamed,
    conditioned,
    closed,
    shifted,
    opened_longer,
    put_away,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_on_the_board_is_seen(
    harbor: Clinic, first: Appointment, change: Callable[[Clinic, Appointment], None]
) -> None:
    before = version(harbor)
    change(harbor, first)
    assert version(harbor) != before


def test_time_alone_makes_a_visit_late_and_lets_a_kept_plan_lapse(harbor: Clinic, first: Appointment) -> None:
    kept(harbor, first)
    before = version(harbor)
    with clock.at_moment(first.starts + timedelta(minutes=1)):
        late = version(harbor)
        assert version(harbor) == late
    assert late != before
    with clock.at_moment(NOW + timedelta(hours=23, minutes=59)):
        standing = version(harbor)
    with clock.at_moment(NOW + timedelta(hours=24, minutes=1)):
        assert version(harbor) != standing


def test_what_happens_elsewhere_draws_no_board_anew(harbor: Clinic, first: Appointment) -> None:
    before, other_day = version(harbor), version(harbor, FIRST_DAY + timedelta(days=1))
    elsewhere = make_clinic(name="Mesa")
    book(elsewhere, make_patient(elsewhere.site, cleared=True))
    assert version(harbor) == before
    visits.arrive(by=harbor.by(Role.FRONT_DESK), appointment=first)
    assert version(harbor) != before
    assert version(harbor, FIRST_DAY + timedelta(days=1)) == other_day


def test_looking_keeps_nobody_signed_in(clerk: Client, harbor: Clinic, first: Appointment) -> None:
    clerk.get(reverse("desk:board", args=[harbor.site.pk, FIRST_DAY]))
    before = list(Session.objects.values())
    for since in ("", version(harbor)):
        with clock.at_moment(clock.now() + timedelta(minutes=5)):
            answer = look(clerk, harbor.site, since)
        assert not answer.cookies, "no cookie that would run longer"
    assert list(Session.objects.values()) == before


def test_a_board_of_another_site_tells_nothing(clerk: Client, harbor: Clinic) -> None:
    assert look(clerk, make_clinic(name="Mesa").site).status_code == 404


def test_who_is_signed_out_is_sent_to_sign_in(harbor: Clinic) -> None:
    assert look(Client(), harbor.site).status_code == 302
