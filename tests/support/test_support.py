"""Django's admin, as support has it: it reads, tells no names, and no address of it writes."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from clinic import clock
from clinic.models import AuditEvent, Heartbeat, Resource, User
from clinic.permissions import Role
from scheduling.models import Appointment, Message
from scheduling.support.site import Rows
from scheduling.support.tables import site
from tests.factories import NOW, Clinic, make_clinic, make_patient, make_staff
from tests.scheduling.helpers import book, visits_of
from tests.snapshot import everything
from tests.test_sweep import addresses, signed_in

pytestmark = pytest.mark.django_db
LISTS = [one.name for one in addresses() if one.name.startswith("support:") and one.name.endswith("_changelist")]


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def support(clinic: Clinic) -> Client:
    """Somebody who looks after the program."""
    return signed_in(make_staff(clinic.site, "Sol Tanaka", Role.SUPPORT, shifts=False))


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    """A visit of a patient of whom everything that could be told has a word that nothing else says."""
    patient = make_patient(
        clinic.site,
        cleared=True,
        given_name="Xanthippe",
        family_name="Quackenbush",
        email="xq@nowhere.example",
        phone="+15185550177",
        note="quagmirosis",
    )
    found = visits_of(book(clinic, patient))[0]
    Appointment.objects.filter(pk=found.pk).update(status_reason="quagmirosis")
    Message.objects.filter(patient=patient).update(
        address="xq@nowhere.example",
        subject="quagmirosis",
        body="quagmirosis",
        last_error="550 5.1.1 xq@nowhere.example: no such user; 451 (518) 555-0177 busy",
    )
    return found


def test_support_starts_at_its_own_page_and_opens_no_other(support: Client, clinic: Clinic) -> None:
    assert support.get("/", follow=True).redirect_chain == [(reverse("support:index"), 302)]
    assert support.get(reverse("desk:patients")).status_code == 403
    assert support.get(reverse("setup:home")).status_code == 403
    for role in Role:
        if role != Role.SUPPORT:
            user = clinic.by(role).user
            assert user is not None
            client = Client()
            client.force_login(user)
            assert client.get(reverse("support:index")).status_code == 403


def test_a_superuser_of_django_s_is_nobody_here(clinic: Clinic) -> None:
    user = User.objects.create(username="root", password="!", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    assert client.get(reverse("support:index")).status_code == 403


def test_a_second_factor_is_asked_of_support_too(support: Client, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    assert support.get(reverse("support:index"))["Location"] == reverse("mfa_index")


def test_nothing_can_be_written(support: Client, visit: Appointment) -> None:
    before = everything()
    for one in addresses():
        if one.name.startswith("support:"):
            url = reverse(one.name, args=[visit.pk] if one.takes else [])
            for method in (support.post, support.put, support.patch, support.delete):
                assert method(url, {"status": "cancelled", "_save": "1"}).status_code == 405, one.name
    assert everything() == before
    for verb in ("add", "delete", "history"):
        with pytest.raises(NoReverseMatch):
            reverse(f"support:scheduling_appointment_{verb}", args=[] if verb == "add" else [visit.pk])
    for name in ("login", "logout", "password_change", "autocomplete", "jsi18n", "view_on_site"):
        with pytest.raises(NoReverseMatch):
            reverse(f"support:{name}")
    assert not LogEntry.objects.exists()


def test_the_program_may_not_write_the_admin_s_log_at_all(clinic: Clinic) -> None:
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with denied, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_admin_log")


def test_no_page_tells_who_a_patient_is_what_for_or_what_was_written(support: Client, visit: Appointment) -> None:
    message = Message.objects.filter(patient=visit.patient_id).first()
    assert message is not None
    rows = [
        reverse("support:scheduling_appointment_change", args=[visit.pk]),
        reverse("support:scheduling_series_change", args=[visit.series_id]),
        reverse("support:scheduling_message_change", args=[message.pk]),
    ]
    for url in (*map(reverse, LISTS), *rows):
        body = support.get(url).content.decode()
        for word in ("Xanthippe", "Quackenbush", "xq@nowhere", "555-0177", "5550177", "quagmirosis"):
            assert word not in body, url
    told = support.get(rows[2]).content.decode()
    assert "550 5.1.1 … no such user; 451 … busy" in told
    assert str(visit.patient_id) in told, "by the key support can speak of somebody"


def test_a_row_about_a_patient_is_an_opening_and_a_list_is_none(support: Client, visit: Appointment) -> None:
    openings = AuditEvent.objects.filter(operation="open")
    support.get(reverse("support:scheduling_appointment_changelist"))
    assert not openings.exists()
    support.get(reverse("support:scheduling_appointment_change", args=[visit.pk]))
    (event,) = openings
    assert (event.patient, event.actor_name) == (visit.patient_id, "Sol Tanaka")
    assert event.action == "support:scheduling_appointment_change"


@pytest.mark.parametrize(
    ("table", "question"),
    [
        ("clinic_user", "password__startswith=argon2"),
        ("clinic_user", "authenticator__data__contains=x"),
        ("scheduling_appointment", "patient__family_name__startswith=Q"),
        ("scheduling_appointment", "ending=hospital"),
        ("scheduling_appointment", "status__gt=a"),
        ("scheduling_message", "body__contains=quag"),
        ("scheduling_message", "site__name__startswith=H"),
        ("scheduling_message", "_to_field=address"),
    ],
)
def test_a_column_that_is_not_shown_cannot_be_asked_for(
    support: Client, visit: Appointment, table: str, question: str
) -> None:
    assert support.get(f"{reverse(f'support:{table}_changelist')}?{question}").status_code == 400


def test_the_lists_are_filtered_and_searched(support: Client, clinic: Clinic, visit: Appointment) -> None:
    lists = reverse("support:scheduling_appointment_changelist")
    row = reverse("support:scheduling_appointment_change", args=[visit.pk])
    for question, shown in (
        ("", True),
        ("?status__exact=booked", True),
        ("?status__exact=cancelled", False),
        (f"?site__id__exact={clinic.site.pk}", True),
        (f"?q={visit.pk}", True),
        ("?q=Quackenbush", False),
    ):
        assert (row in support.get(f"{lists}{question}").content.decode()) is shown, question


def test_what_belongs_to_no_site_is_a_list_alone(support: Client) -> None:
    Heartbeat.objects.create(name="worker", at=NOW)
    assert "worker" in support.get(reverse("support:clinic_heartbeat_changelist")).content.decode()


def test_another_site_is_not_in_the_filters(support: Client, visit: Appointment) -> None:
    make_clinic(name="Mesa", time_zone="America/Phoenix")
    assert "Harbor" in support.get(reverse("support:scheduling_appointment_changelist")).content.decode()
    assert "Mesa" not in support.get(reverse("support:scheduling_appointment_changelist")).content.decode()


def test_columns_are_named_one_by_one() -> None:
    """A table without them would show every column there is."""
    for rows in site._registry.values():
        assert isinstance(rows, Rows)
        assert rows.only_list or rows.fields, rows


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_the_same_however_many_rows_there_are(
    clinic: Clinic, support: Client, name: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(100) as few:
        support.get(reverse(name))
    book(clinic, make_patient(clinic.site, cleared=True))
    Resource.objects.bulk_create(
        Resource(site=clinic.site, kind="recliner", name=f"Chair {number}") for number in range(100, 140)
    )
    for number in range(10):
        make_staff(clinic.site, f"More {number}", Role.NURSE)
    with django_assert_max_num_queries(len(few.captured_queries)):
        support.get(reverse(name))
