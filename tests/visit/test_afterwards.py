"""A visit of an earlier day that nobody had closed: what came of it is written down later, as it was and marked so."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import GateClosed, NotAllowed, Refused, Stale, WrongStatus
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.models import Clearance, Consent, Contact
from scheduling.actions.afterwards import record_afterwards, record_not_taken
from scheduling.actions.happened import Happened
from scheduling.actions.rides import waive_ride
from scheduling.actions.visit import arrive, record_no_show, start
from scheduling.actions.visit_notes import record_event
from scheduling.models import Appointment, Ending, Message, Ride, TimeCorrection, VisitRecord
from tests.desk.pages import text
from tests.factories import NOW
from tests.visit.conftest import Ward
from tests.visit.worlds import make_consult, make_visit, name_ride

Status = Appointment.Status
#: The morning after.
NEXT_DAY = NOW + timedelta(days=1)


def minute(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def enter(ward: Ward, *, role: Role = Role.NURSE, at: datetime = NEXT_DAY, version: int = 0, **facts: Any) -> None:
    """On the next morning the nurse writes down that the infusion took place."""
    known: dict[str, Any] = {
        "arrived": minute(0),
        "started": minute(12),
        "recovery": minute(52),
        "ended": minute(115),
        "ending": Ending.COMPLETED,
        "reason": "The network was down",
        "handed_to": ward.companion,
    } | facts
    with clock.at_moment(at):
        record_afterwards(by=ward.clinic.by(role), appointment=ward.visit, happened=Happened(**known), version=version)
    ward.visit.refresh_from_db()


def not_taken(ward: Ward, ending: Ending, *, role: Role = Role.FRONT_DESK, **facts: Any) -> None:
    with clock.at_moment(facts.pop("at", NEXT_DAY)):
        record_not_taken(
            by=ward.clinic.by(role),
            appointment=ward.visit,
            ending=ending,
            reason=facts.pop("reason", "Nobody was at the desk"),
            version=0,
        )
    ward.visit.refresh_from_db()


# -- the action --------------------------------------------------------------------------------------------------------


def test_a_visit_of_yesterday_is_closed_with_its_real_times_and_says_that_it_was_entered_afterwards(
    ward: Ward,
) -> None:
    enter(ward, note="Calm throughout")

    visit, record = ward.visit, VisitRecord.objects.get()
    assert (visit.status, visit.ending, visit.counts) == (Status.FULFILLED, Ending.COMPLETED, True)
    assert visit.status_reason == "Entered afterwards: The network was down"
    assert (record.arrived_at, record.started_at, record.ended_at) == (minute(0), minute(12), minute(115))
    assert (record.handed_to_name, record.note) == ("Rosa Lind", "Calm throughout")
    assert Ride.objects.get().status == Ride.Status.PICKED_UP
    became = [
        event.after["status"]
        for event in AuditEvent.objects.filter(row=str(visit.pk), before__isnull=False).order_by("id")
        if event.after and "status" in event.after
    ]
    assert became == ["arrived", "fulfilled"], "along the table like any other visit"


def test_what_to_do_on_the_day_of_the_visit_is_sent_on_that_day_only(ward: Ward) -> None:
    enter(ward)
    assert not Message.objects.filter(kind=Message.Kind.AFTERCARE).exists()


def test_of_a_visit_earlier_today_it_is_sent(ward: Ward) -> None:
    enter(ward, at=minute(180))
    assert Message.objects.filter(kind=Message.Kind.AFTERCARE, appointment=ward.visit).exists()


def test_who_left_alone_yesterday_is_called_today(ward: Ward) -> None:
    enter(ward, ending=Ending.LEFT_AGAINST_ADVICE, handed_to=None, doctor_told=ward.clinic.doctor)

    call = Message.objects.get(kind=Message.Kind.FOLLOW_UP)
    assert call.due_at.date() == NEXT_DAY.date()
    assert not Message.objects.filter(kind=Message.Kind.AFTERCARE).exists()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"arrived": NOW - timedelta(days=1)}, "arrived"),
        ({"ended": NEXT_DAY}, "ended"),
        ({"started": minute(-5)}, "started"),
        ({"handed_to": None}, "handed_to"),
        ({"started": None, "recovery": None}, "started"),
        ({"ending": Ending.NOT_TREATED_ILL}, "ending"),
        ({"ending": Ending.CANCELLED}, "ending"),
        ({"ending": Ending.LEFT_AGAINST_ADVICE}, "doctor_told"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_written(
    ward: Ward, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        enter(ward, **facts)

    ward.visit.refresh_from_db()
    assert refused.value.field == field
    assert ward.visit.status == Status.BOOKED
    assert not VisitRecord.objects.exists()


def test_what_was_missing_on_that_day_is_said_though_it_is_there_today(ward: Ward) -> None:
    """A consent signed and a clearance decided afterwards do not make yesterday's start right."""
    Consent.objects.update(signed_at=NEXT_DAY)
    Clearance.objects.update(decided_at=NEXT_DAY)

    with pytest.raises(Refused, match="without a valid clearance and a valid consent") as refused:
        enter(ward, at=NEXT_DAY + timedelta(hours=1))
    assert refused.value.field == "without"

    enter(ward, at=NEXT_DAY + timedelta(hours=1), without="The doctor was in the room")
    assert "The doctor was in the room" in VisitRecord.objects.get().note


def test_a_ride_that_a_doctor_had_waived_needs_nobody_at_the_door(ward: Ward) -> None:
    waive_ride(by=ward.clinic.by(Role.DOCTOR), appointment=ward.visit, reason="Lives across the street")

    enter(ward, handed_to=None)

    assert ward.visit.status == Status.FULFILLED
    assert Ride.objects.get().status == Ride.Status.WAIVED


def test_a_time_that_was_stamped_and_is_not_the_true_one_stays_beside_it(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    with clock.at_moment(minute(2)):
        arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    with clock.at_moment(minute(30) + timedelta(seconds=20)):
        start(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)

    enter(ward, arrived=minute(2), started=minute(12))

    record, corrected = VisitRecord.objects.get(), TimeCorrection.objects.get()
    assert (corrected.stamp, corrected.reason) == ("started", "The network was down")
    assert (corrected.before, corrected.after) == (minute(30) + timedelta(seconds=20), minute(12))
    assert record.arrived_at == minute(2)
    assert ward.visit.status == Status.FULFILLED


def test_a_start_that_was_recorded_cannot_be_left_out(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    start(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)

    with pytest.raises(Refused, match=r"there was one at 9 a\.m\.") as refused:
        enter(ward, started=None, recovery=None, ending=Ending.NOT_TREATED_ILL)
    assert refused.value.field == "started"


def test_a_severe_event_that_no_doctor_knows_of_stands_in_the_way_as_at_the_door(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    by = ward.clinic.by(Role.NURSE)
    arrive(by=by, appointment=ward.visit)
    start(by=by, appointment=ward.visit)
    record_event(by=by, appointment=ward.visit, what="Fainted", severity="severe", action_taken="Laid flat")

    with pytest.raises(GateClosed, match="no doctor who was told"):
        enter(ward, arrived=NOW, started=NOW)


def test_whoever_was_ticked_as_not_having_come_may_have_been_here(ward: Ward) -> None:
    with clock.at_moment(minute(60)):
        record_no_show(by=ward.clinic.by(Role.FRONT_DESK), appointment=ward.visit)

    enter(ward)

    assert (ward.visit.status, ward.visit.counts) == (Status.FULFILLED, True)


def test_but_not_where_the_infusion_was_planned_anew(ward: Ward) -> None:
    with clock.at_moment(minute(60)):
        record_no_show(by=ward.clinic.by(Role.FRONT_DESK), appointment=ward.visit)
    visit = ward.visit
    make_visit(
        ward.clinic, patient=visit.patient, series=visit.series, starts=NOW + timedelta(days=2), number=visit.number
    )

    with pytest.raises(Refused, match="planned anew meanwhile"):
        enter(ward)
    visit.refresh_from_db()
    assert visit.status == Status.NOSHOW


def test_the_desk_enters_consults_and_leaves_what_was_given_to_nurses(ward: Ward) -> None:
    with pytest.raises(NotAllowed, match="A nurse or a doctor enters"):
        enter(ward, role=Role.FRONT_DESK)
    talk = Ward(ward.clinic, make_consult(ward.clinic), ward.companion)

    enter(talk, role=Role.FRONT_DESK, handed_to=None, recovery=None)

    assert (talk.visit.status, talk.visit.counts) == (Status.FULFILLED, None)


def test_the_second_of_two_is_told_who_closed_it(ward: Ward) -> None:
    enter(ward)

    with pytest.raises(WrongStatus, match=r"Nurse 1 closed it \(“Entered afterwards: The network was down”\)\."):
        not_taken(ward, Ending.NO_SHOW)


def test_a_visit_that_was_moved_meanwhile_is_not_closed(ward: Ward) -> None:
    with pytest.raises(Stale, match="Somebody else has changed this visit"):
        enter(ward, version=1)


def test_twice_is_once(ward: Ward) -> None:
    enter(ward)
    enter(ward)
    assert AuditEvent.objects.filter(row=str(ward.visit.pk), after__status="fulfilled").count() == 1


@pytest.mark.parametrize(("ending", "status"), [(Ending.NO_SHOW, Status.NOSHOW), (Ending.CANCELLED, Status.CANCELLED)])
def test_it_did_not_take_place_with_the_reason_and_without_a_letter_about_a_day_that_is_over(
    ward: Ward, ending: Ending, status: str
) -> None:
    before = set(Message.objects.values_list("pk", flat=True))

    not_taken(ward, ending)

    assert (ward.visit.status, ward.visit.ending, ward.visit.counts) == (status, ending, False)
    assert ward.visit.status_reason == "Entered afterwards: Nobody was at the desk"
    assert {*Message.objects.values_list("pk", flat=True)} == before


def test_a_visit_to_come_is_cancelled_the_usual_way(ward: Ward) -> None:
    with pytest.raises(Refused, match="so that the patient is told"):
        not_taken(ward, Ending.CANCELLED, at=minute(-30))
    with pytest.raises(Refused, match="has not begun yet"):
        not_taken(ward, Ending.NO_SHOW, at=minute(-30))


def test_who_was_here_did_not_stay_away(ward: Ward) -> None:
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    for ending in (Ending.NO_SHOW, Ending.CANCELLED):
        with pytest.raises(WrongStatus):
            not_taken(ward, ending)


# -- the page ----------------------------------------------------------------------------------------------------------


def page(client: Client, pk: UUID) -> str:
    return text(client.get(reverse("nurse:afterwards", args=[pk])))


def typed(ward: Ward, **changes: str) -> dict[str, str]:
    return {
        "arrived": "09:00",
        "started": "09:12",
        "recovery": "09:52",
        "ended": "10:55",
        "ending": "completed",
        "handed_to": str(ward.companion.pk),
        "reason": "The network was down",
        "version": "0",
    } | changes


def test_the_way_leads_from_the_work_list_over_one_page_to_the_plan_of_the_next_visit(ward: Ward) -> None:
    clerk, nurse = ward.signed_in(Role.FRONT_DESK), ward.signed_in(Role.NURSE)
    address = reverse("nurse:afterwards", args=[ward.visit.pk])
    with clock.at_moment(NEXT_DAY):
        for client, home in ((clerk, "desk:work"), (nurse, "nurse:home")):
            assert address in client.get(reverse(home)).content.decode()
        assert "Nobody has closed this visit" in text(nurse.get(reverse("nurse:visit", args=[ward.visit.pk])))

        refused = nurse.post(address, typed(ward, handed_to="", started="08:55"))
        assert refused.status_code == 422
        assert 'value="08:55"' in refused.content.decode(), "what was typed stays"
        done = nurse.post(address, typed(ward), follow=True)

        assert "marked as entered afterwards" in text(done)
        assert "Entered afterwards: The network was down" in text(done)
        assert "Counts toward the series" in text(done)
        for client, home in ((clerk, "desk:work"), (nurse, "nurse:home")):
            assert address not in client.get(reverse(home)).content.decode()


def test_whoever_drove_and_is_no_contact_yet_is_saved_on_the_page_and_nothing_typed_is_lost(ward: Ward) -> None:
    nurse, address = ward.signed_in(Role.NURSE), reverse("nurse:afterwards", args=[ward.visit.pk])
    person = {"add": "1", "driver-name": "Uma Vance", "driver-phone": "617 555 0188", "driver-is_adult": "on"}
    with clock.at_moment(NEXT_DAY):
        refused = nurse.post(address, typed(ward, handed_to="", **person | {"driver-is_adult": ""}))
        assert refused.status_code == 422
        assert "must be 18 or older" in text(refused)
        assert not Contact.objects.filter(name="Uma Vance").exists()

        for _ in range(2):
            page = nurse.post(address, typed(ward, handed_to="", started="09:17", **person))
        assert page.status_code == 200
        uma = Contact.objects.get(name="Uma Vance")
        shown = page.content.decode()
        assert 'value="09:17"' in shown
        assert f'<option value="{uma.pk}" selected>' in shown
        assert 'value="The network was down"' in shown
        ward.visit.refresh_from_db()
        assert ward.visit.status == Appointment.Status.BOOKED, "not entered yet"

        nurse.post(address, typed(ward, handed_to=str(uma.pk)))
    assert VisitRecord.objects.get(appointment=ward.visit).handed_to_name == "Uma Vance"


def test_the_desk_says_on_it_that_nobody_came_and_is_offered_the_next_date(ward: Ward) -> None:
    clerk = ward.signed_in(Role.FRONT_DESK)
    address = reverse("nurse:afterwards", args=[ward.visit.pk])
    with clock.at_moment(NEXT_DAY):
        assert "A nurse or a doctor enters what was given" in page(clerk, ward.visit.pk)
        unsaid = clerk.post(address, {"not-version": "0", "not-ending": "no_show"})
        assert "Say why that is entered only now" in text(unsaid)
        done = clerk.post(
            address, {"not-version": "0", "not-ending": "no_show", "not-reason": "Forgotten"}, follow=True
        )

    assert "Does not count toward the series" in text(done)
    assert "in its place, with one click" in text(done)


def test_the_page_says_what_was_missing_on_that_day(ward: Ward) -> None:
    Consent.objects.all().delete()
    with clock.at_moment(NEXT_DAY):
        assert "By the record there was no a valid consent" not in page(ward.signed_in(Role.NURSE), ward.visit.pk)
        assert "there was no valid consent on that day" in page(ward.signed_in(Role.NURSE), ward.visit.pk)


def test_a_visit_to_come_and_one_that_is_closed_have_no_such_page(ward: Ward) -> None:
    nurse = ward.signed_in(Role.NURSE)
    to_come = make_visit(ward.clinic, starts=NOW + timedelta(days=2), chair=1, nurse=1)
    visit = reverse("nurse:visit", args=[to_come.pk])
    assert nurse.get(reverse("nurse:afterwards", args=[to_come.pk])).headers["Location"] == visit


def test_who_never_left_by_the_record_waits_on_the_work_list_from_the_next_morning(ward: Ward) -> None:
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    clerk = ward.signed_in(Role.FRONT_DESK)
    assert "Earlier visits that nobody closed" not in text(clerk.get(reverse("desk:work")))
    with clock.at_moment(NEXT_DAY):
        assert "Earlier visits that nobody closed" in text(clerk.get(reverse("desk:work")))
