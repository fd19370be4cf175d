"""The demo clinic: what somebody trying the program should find in it; refused in a database that is not empty."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from clinic import clock
from clinic.models import Resource, Site, StaffMember, User
from clinic.permissions import Role
from patients.models import ConsultRequest, Observation, Patient
from scheduling.models import (
    Appointment,
    ChangeRequest,
    EarlierWish,
    Hold,
    Message,
    Offer,
    Protocol,
    Ride,
    Series,
)
from scheduling.selectors.earlier import chances_of

#: A Wednesday at noon in New York, in a quiet month.
NOW = datetime(2027, 5, 12, 16, tzinfo=UTC)


@pytest.fixture
def demo(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The demo clinic, made at NOW."""
    monkeypatch.setenv("DEMO_PASSWORD", "a-password-for-a-test")
    with clock.at_moment(NOW):
        call_command("demo", verbosity=0)
        yield


def test_the_demo_has_its_places_its_people_and_patients_in_each_stage(demo: None) -> None:
    assert len(set(Site.objects.values_list("time_zone", flat=True))) == 2
    assert Resource.objects.chairs().count() >= 12
    assert StaffMember.objects.with_role(Role.NURSE).count() >= 6
    assert StaffMember.objects.with_role(Role.DOCTOR).count() == 3
    assert Protocol.objects.filter(kind="infusion").count() == 4
    assert {series.status for series in Series.objects.all()} == {"draft", "active", "revoked"}
    assert {series.stage for series in Series.objects.all()} == {"induction", "maintenance"}
    assert Patient.objects.filter(email="").count() >= 4
    assert Observation.objects.filter(measure="pain").count() > 50
    assert {"frontdesk", "nurse", "doctor", "manager", "support"} == set(
        User.objects.values_list("username", flat=True)
    )
    user = User.objects.get(username="frontdesk")
    assert user.check_password("a-password-for-a-test")

    today = Appointment.objects.filter(starts__date=NOW.date())
    assert today.exists()
    assert Ride.objects.filter(status=Ride.Status.NEEDED, appointment__starts__gt=NOW).exists()
    # What patients ask for, and a plan that is kept.
    assert ConsultRequest.objects.filter(status="waiting").count() == 4
    assert ChangeRequest.objects.waiting().exists()
    kept = Offer.objects.filter(kind=Offer.Kind.KEPT_PLAN)
    assert set(kept.values_list("status", flat=True)) == {Offer.Status.OPEN}
    # A visit of an earlier day that nobody closed waits for somebody to say what came of it.
    assert Appointment.objects.filter(status="booked", ends__lt=NOW.replace(hour=4)).count() == 1
    # Nobody has to attend to what lies before the demo: nothing old is due or on a list.
    assert not Message.objects.filter(state="due", due_at__lt=NOW.replace(hour=14)).exists()
    # Every visit to come holds its chair or its doctor.
    to_come = Appointment.objects.blocking().filter(starts__gt=NOW)
    assert to_come.exists()
    assert not to_come.exclude(pk__in=Hold.objects.values("appointment")).exists()

    # Some want a visit sooner; one is being asked, and there is something left to offer.
    assert EarlierWish.objects.count() >= 4
    assert Offer.objects.earlier_times().filter(status="open", invitations__status="open").exists()
    desk = User.objects.get(username="frontdesk")
    assert chances_of(desk, NOW)

    with pytest.raises(CommandError, match="not empty"):
        call_command("demo")
