"""Who drives home: the rules of naming, agreeing, declining, waiving, and who hears of it."""

from datetime import date, timedelta

import pytest

from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling import ride_status
from scheduling.actions import calls, rides
from scheduling.messages import links
from scheduling.models import Appointment, Ending, Link, Message, Ride
from tests import factories
from tests.portal.conftest import DAYS, make_driver, make_visits

S = Ride.Status


def as_patient(patient: Patient) -> Actor:
    """The patient behind a link."""
    return Actor("patient", str(patient.pk), patient.name)


def as_companion(contact: Contact) -> Actor:
    """The companion behind a link."""
    return Actor("companion", str(contact.pk), contact.name)


def statuses(visits: list[Appointment]) -> list[str]:
    """The statuses of the rides, in the order of the visits."""
    return [Ride.objects.get(appointment=visit).status for visit in visits]


def delivered() -> None:
    """Everything written so far has reached its reader."""
    Message.objects.filter(state=Message.State.DUE).update(state=Message.State.SENT, sent_at=factories.NOW)


def told(contact: Contact, kind: str) -> int:
    """How many messages of a kind wait for the companion."""
    return Message.objects.filter(contact=contact, kind=kind).exclude(state=Message.State.SKIPPED).count()


def test_one_answer_covers_all_remaining_visits(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert statuses(visits) == [S.NAMED] * 3
    assert {ride.companion for ride in Ride.objects.all()} == {ben}
    assert told(ben, Message.Kind.COMPANION_NAMED) >= 1


def test_naming_the_same_person_twice_tells_them_once(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)
    before = Message.objects.count()
    versions = list(Ride.objects.values_list("version", flat=True))

    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert Message.objects.count() == before
    assert list(Ride.objects.values_list("version", flat=True)) == versions


def test_a_companion_who_is_replaced_is_told(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    cy = make_driver(ada, "Cy Park", email="cy@example.org")
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben, confirmed=True)
    delivered()

    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=cy)

    ride = Ride.objects.get(appointment=visits[0])
    assert (ride.companion, ride.status) == (cy, S.NAMED)
    assert told(ben, Message.Kind.COMPANION_CANCELLED) == 1
    assert told(cy, Message.Kind.COMPANION_NAMED) == 1


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_companion_who_was_told_by_telephone_is_told_too_that_nobody_needs_them(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment], confirmed: bool
) -> None:
    """The clerk told them by telephone and took the message out of the queue, or wrote their yes down."""
    desk = clinic.by(Role.FRONT_DESK)
    rides.name_companion(by=desk, appointments=visits[:1], companion=ben, confirmed=confirmed)
    message = Message.objects.get(contact=ben)
    if confirmed:
        Message.objects.filter(pk=message.pk).update(state=Message.State.SKIPPED, skip_reason="it was too late")
    else:
        calls.leave_unsent(by=desk, message=message, reason="Told by telephone")

    rides.visits_cancelled(visits[:1])

    assert told(ben, Message.Kind.COMPANION_CANCELLED) == 1


def test_a_companion_who_never_heard_of_a_date_does_not_hear_that_it_is_off(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben)
    rides.visits_cancelled(visits[:1])

    assert told(ben, Message.Kind.COMPANION_CANCELLED) == 0


def test_somebody_who_may_not_be_told_gets_no_message(ada: Patient, visits: list[Appointment]) -> None:
    dot = make_driver(ada, "Dot Ray", email="dot@example.org", may_be_told=False)

    rides.name_companion(by=as_patient(ada), appointments=visits, companion=dot)

    assert statuses(visits) == [S.NAMED] * 3
    assert Message.objects.filter(contact=dot).count() == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_adult": False, "may_drive": False}, "18 or older"),
        ({"may_drive": False}, "may drive"),
        ({"is_active": False}, "no longer among"),
    ],
)
def test_only_an_adult_who_may_drive_can_be_named(
    ada: Patient, visits: list[Appointment], fields: dict[str, bool], words: str
) -> None:
    nobody = make_driver(ada, "Noa Teen", **fields)

    with pytest.raises(Refused, match=words):
        rides.name_companion(by=as_patient(ada), appointments=visits, companion=nobody)

    assert statuses(visits) == [S.NEEDED] * 3


@pytest.mark.parametrize("offset", [0, 1])
def test_nobody_treated_that_day_or_the_day_before_can_drive(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment], offset: int
) -> None:
    as_a_patient = factories.make_patient(
        clinic.site, given_name="Bén", family_name="Quill-Ode", email=ben.email.upper()
    )
    make_visits(clinic, as_a_patient, (DAYS[1] - timedelta(days=offset),), hour=13)

    with pytest.raises(Refused, match="April 14, 2027"):
        rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert statuses(visits) == [S.NEEDED] * 3, "all visits or none"
    rides.name_companion(by=as_patient(ada), appointments=[visits[2]], companion=ben)
    assert statuses(visits) == [S.NEEDED, S.NEEDED, S.NAMED]


def test_every_day_on_which_somebody_cannot_drive_is_said_at_once(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    as_a_patient = factories.make_patient(clinic.site, given_name="Ben", family_name="Quill", email=ben.email)
    make_visits(clinic, as_a_patient, (DAYS[0], DAYS[2]), hour=13)

    with pytest.raises(Refused, match=r"these days: Monday, April 12, 2027; Friday, April 16, 2027\."):
        rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)


def test_a_household_that_shares_a_telephone_may_drive_each_other(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    sister = factories.make_patient(clinic.site, given_name="Zoe", family_name="Quill", phone=ben.phone)
    make_visits(clinic, sister, DAYS, hour=13)

    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert statuses(visits) == [S.NAMED] * 3


def test_a_visit_that_gave_no_treatment_forbids_no_driving(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    as_a_patient = factories.make_patient(clinic.site, given_name="Ben", email=ben.email)
    make_visits(
        clinic,
        as_a_patient,
        (DAYS[0],),
        hour=13,
        status=Appointment.Status.FULFILLED,
        ending=Ending.NOT_TREATED_ATE,
        counts=False,
    )

    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert statuses(visits) == [S.NAMED] * 3


def test_a_new_person_is_saved_once(ada: Patient, visits: list[Appointment]) -> None:
    for _attempt in range(2):
        rides.name_new_companion(
            by=as_patient(ada), appointments=visits, name="Eve Moss", phone="518-555-0177", is_adult=True
        )

    eve = Contact.objects.get(patient=ada)
    assert (eve.phone, eve.is_adult, eve.may_drive, eve.may_be_told) == ("+15185550177", True, True, True)
    assert statuses(visits) == [S.NAMED] * 3


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Eve", "phone": "518-555-0177", "is_adult": False}, "is_adult"),
        ({"name": "Eve", "is_adult": True}, "phone"),
        ({"name": "Eve", "phone": "12", "is_adult": True}, "phone"),
        ({"name": "Eve", "email": "eve at home", "is_adult": True}, "email"),
        ({"name": "a taxi", "phone": "518-555-0177", "is_adult": True}, "name"),
        ({"name": " ", "phone": "518-555-0177", "is_adult": True}, "name"),
    ],
)
def test_a_new_person_must_be_a_reachable_adult(
    ada: Patient, visits: list[Appointment], fields: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as caught:
        rides.name_new_companion(by=as_patient(ada), appointments=visits, **fields)  # type: ignore[arg-type]

    assert caught.value.field == field
    assert statuses(visits) == [S.NEEDED] * 3
    assert not Contact.objects.exists()


def test_a_family_called_uber_may_drive(ada: Patient, visits: list[Appointment]) -> None:
    rides.name_new_companion(
        by=as_patient(ada), appointments=visits, name="Anna Uber", phone="518-555-0177", is_adult=True
    )

    assert statuses(visits) == [S.NAMED] * 3


def test_a_patient_speaks_only_for_their_own_visits(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    stranger = factories.make_patient(clinic.site)

    with pytest.raises(NotAllowed):
        rides.name_companion(by=as_patient(stranger), appointments=visits, companion=ben)
    with pytest.raises(Refused, match="one patient"):
        rides.name_companion(
            by=as_patient(ada), appointments=visits, companion=make_driver(stranger, "Fay Hill", phone="+15185550133")
        )

    assert statuses(visits) == [S.NEEDED] * 3


def test_a_cancelled_visit_needs_no_driver(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    Appointment.objects.filter(pk=visits[0].pk).update(status="cancelled", ending="cancelled", counts=False)

    with pytest.raises(Refused, match="cancelled"):
        rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    assert statuses(visits) == [S.NEEDED] * 3


def test_a_companion_answers_for_each_date(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    first, second, _third = rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)

    rides.confirm_ride(by=as_companion(ben), ride=first)
    rides.decline_ride(by=as_companion(ben), ride=second)

    assert statuses(visits) == [S.CONFIRMED, S.DECLINED, S.NAMED]
    rides.confirm_ride(by=as_companion(ben), ride=second)
    assert statuses(visits) == [S.CONFIRMED, S.CONFIRMED, S.NAMED], "a companion may think again"


def test_answering_twice_is_the_same_as_once(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    (ride,) = rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben)
    rides.confirm_ride(by=as_companion(ben), ride=ride)
    before = Ride.objects.get(pk=ride.pk)

    rides.confirm_ride(by=as_companion(ben), ride=ride)

    after = Ride.objects.get(pk=ride.pk)
    assert (after.version, after.changed_at) == (before.version, before.changed_at)


def test_a_companion_who_was_replaced_can_no_longer_answer(
    ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    (ride,) = rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben)
    cy = make_driver(ada, "Cy Park", email="cy@example.org")
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=cy)

    with pytest.raises(NotAllowed, match="Somebody else"):
        rides.decline_ride(by=as_companion(ben), ride=ride)

    assert statuses(visits)[0] == S.NAMED


def test_a_wrong_person_hears_nothing_more_and_the_rides_are_open_again(
    ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)
    token = links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben).rstrip("/").rsplit("/", 1)[1]

    rides.wrong_person(by=as_companion(ben), contact=ben)
    rides.wrong_person(by=as_companion(ben), contact=ben)

    ben.refresh_from_db()
    assert ben.stopped_at == factories.NOW
    assert told(ben, Message.Kind.COMPANION_NAMED) == 0
    assert statuses(visits) == [S.NEEDED] * 3
    assert links.find(token, Link.Purpose.COMPANION) is None
    with pytest.raises(Refused, match="no longer among"):
        rides.name_companion(by=as_patient(ada), appointments=visits, companion=ben)


def test_only_a_doctor_waives_the_ride_and_says_why(
    clinic: factories.Clinic, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben)
    delivered()

    for role in (Role.NURSE, Role.FRONT_DESK, Role.MANAGER):
        with pytest.raises(NotAllowed):
            rides.waive_ride(by=clinic.by(role), appointment=visits[0], reason="Stays with us overnight")
    with pytest.raises(Refused, match="why"):
        rides.waive_ride(by=clinic.by(Role.DOCTOR), appointment=visits[0], reason="  ")
    assert statuses(visits)[0] == S.NAMED

    ride = rides.waive_ride(by=clinic.by(Role.DOCTOR), appointment=visits[0], reason="Stays with us overnight")

    assert (ride.status, ride.waived_by, ride.waiver_reason) == (S.WAIVED, clinic.doctor, "Stays with us overnight")
    assert told(ben, Message.Kind.COMPANION_CANCELLED) == 1


def test_a_moved_visit_has_to_be_agreed_anew(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben, confirmed=True)
    before = Ride.objects.get(appointment=visits[0]).version

    rides.visit_moved(visits[0])

    ride = Ride.objects.get(appointment=visits[0])
    assert (ride.status, ride.companion) == (S.NAMED, ben)
    assert ride.version > before, "older messages to the companion are untrue now"


def test_a_cancelled_visit_frees_its_companion(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben, confirmed=True)
    delivered()

    rides.visits_cancelled(visits[:1])

    assert statuses(visits)[0] == S.NEEDED
    assert told(ben, Message.Kind.COMPANION_CANCELLED) == 1


def test_somebody_else_may_pick_the_patient_up(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    cy = make_driver(ada, "Cy Park", phone="+15185550144")
    rides.name_companion(by=as_patient(ada), appointments=visits[:1], companion=ben, confirmed=True)

    rides.picked_up(visits[0], cy)

    ride = Ride.objects.get(appointment=visits[0])
    assert (ride.status, ride.companion) == (S.PICKED_UP, cy)


def test_the_patient_is_not_handed_to_a_minor(ada: Patient, visits: list[Appointment]) -> None:
    child = make_driver(ada, "Gus Quill", is_adult=False, may_drive=False)

    with pytest.raises(Refused, match="adult"):
        rides.picked_up(visits[0], child)

    assert statuses(visits)[0] == S.NEEDED


@pytest.mark.parametrize("to", [status for status in S if status not in ride_status.MOVES[S.PICKED_UP]])
def test_a_ride_that_is_over_stays_as_it_is(ada: Patient, ben: Contact, visits: list[Appointment], to: str) -> None:
    rides.picked_up(visits[0], ben)

    with pytest.raises(WrongStatus):
        ride_status.move(Ride.objects.get(appointment=visits[0]), S(to), companion=ben)

    assert statuses(visits)[0] == S.PICKED_UP


def test_every_status_of_a_ride_stands_in_the_table() -> None:
    assert set(ride_status.MOVES) == set(S)


def test_a_consult_asks_for_no_driver(clinic: factories.Clinic, ada: Patient, ben: Contact) -> None:
    starts = clinic.at(date(2027, 4, 20), 10)
    consult = Appointment.objects.create(
        patient=ada,
        site=clinic.site,
        protocol_version=clinic.consult,
        kind=Appointment.Kind.CONSULT,
        status=Appointment.Status.BOOKED,
        starts=starts,
        ends=starts + timedelta(minutes=45),
        created_at=factories.NOW,
    )

    with pytest.raises(Refused, match="Nobody has to drive"):
        rides.name_companion(by=as_patient(ada), appointments=[consult], companion=ben)

    assert not Ride.objects.filter(appointment=consult).exists()
