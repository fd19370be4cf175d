"""A course paused or stopped on a call: its time is free, the patient is told once, a doctor is told; a suspension
reserves instead.
"""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale, WrongStatus
from clinic.models import AuditEvent, User
from clinic.permissions import Role
from patients.actions import decide_clearance
from patients.models import Patient
from scheduling.actions import moving, pausing
from scheduling.actions.visit import arrive
from scheduling.messages import look
from scheduling.messages.letters import preview
from scheduling.models import Appointment, CourseChange, Hold, Message, Series
from scheduling.selectors.course_changes import is_paused, pauses_over, unseen_changes
from scheduling.selectors.desk_scope import scope_of
from scheduling.selectors.work_list import Kind, work_list
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book

pytestmark = pytest.mark.django_db

REASON = "Her mother is dying"
UNTIL = date(2027, 5, 17)


@pytest.fixture
def clinic() -> Clinic:
    """A small clinic."""
    return make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Cleared and consented."""
    return make_patient(clinic.site, cleared=True, consented=True)


@pytest.fixture
def series(clinic: Clinic, patient: Patient) -> Series:
    """Six infusions, booked and told."""
    found = book(clinic, patient)
    Message.objects.update(state=Message.State.SENT, sent_at=NOW)
    return found


def pause(clinic: Clinic, series: Series, **changes: object) -> Series:
    """The desk pauses the course."""
    how = {"by": clinic.by(Role.FRONT_DESK), "series": series, "reason": REASON, "until": UNTIL} | changes
    return pausing.pause_series(**how)  # type: ignore[arg-type]


def user_of(clinic: Clinic, role: Role) -> User:
    """The account of the clinic's person of that role."""
    user = clinic.by(role).user
    assert user is not None
    return user


def signed_in(clinic: Clinic, role: Role) -> Client:
    """A browser in which that person is signed in."""
    client = Client()
    client.force_login(user_of(clinic, role))
    return client


def suspend(clinic: Clinic, patient: Patient) -> None:
    """A doctor suspends the treatment, a minute after whatever was decided before."""
    with clock.at_moment(NOW + timedelta(minutes=1)):
        decide_clearance(by=clinic.by(Role.DOCTOR), patient=patient, decision="suspended", reason="a rash")


def clear(clinic: Clinic, patient: Patient) -> None:
    """A doctor clears the patient again, later."""
    with clock.at_moment(NOW + timedelta(minutes=2)):
        decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=NOW.date() + timedelta(days=300)
        )


def test_a_pause_frees_the_time_keeps_the_course_and_tells_the_patient_once(clinic: Clinic, series: Series) -> None:
    paused = pause(clinic, series)

    assert paused.status == Series.Status.ON_HOLD
    assert is_paused(paused)
    assert not Hold.objects.filter(appointment__series=series).exists()
    assert set(series.appointments.values_list("status", flat=True)) == {"cancelled"}
    told = Message.objects.get(state=Message.State.DUE, recipient="patient")
    assert told.kind == Message.Kind.BOOSTERS_CHANGED
    assert len(told.context["cancelled"]) == 6
    change = CourseChange.objects.get()
    assert (change.kind, change.called_off, change.until, change.reason) == ("paused", 6, UNTIL, REASON)
    assert AuditEvent.objects.filter(table="scheduling_coursechange", action="pause_series").exists()


def test_a_paused_course_goes_on_and_is_planned_anew(clinic: Clinic, series: Series) -> None:
    pause(clinic, series)

    resumed = pausing.resume_series(by=clinic.by(Role.FRONT_DESK), series=series, reason="She called")

    assert resumed.status == Series.Status.ACTIVE
    assert not is_paused(resumed)
    page = signed_in(clinic, Role.FRONT_DESK).get(reverse("desk:patient", args=[series.patient_id]))
    assert "6 of 6 infusions are still to be planned" in " ".join(page.content.decode().split())


def test_a_pause_is_on_the_desks_list_when_its_day_has_come_and_not_before(clinic: Clinic, series: Series) -> None:
    pause(clinic, series)
    user = user_of(clinic, Role.FRONT_DESK)

    assert not pauses_over(scope_of(user, clock.now())).exists()
    with clock.at_moment(NOW + timedelta(days=42)):
        scope = scope_of(user, clock.now())
        assert pauses_over(scope).get() == series
        listed = {one.kind: one.count for one in work_list(scope).lists}
        home = signed_in(clinic, Role.FRONT_DESK).get(reverse("desk:work")).content.decode()

    assert listed[Kind.PAUSED] == 1
    assert "Pauses that are over" in home


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_a_doctor_is_told_what_the_desk_did_until_one_has_seen_it(clinic: Clinic, series: Series, verb: str) -> None:
    if verb == "pause":
        pause(clinic, series)
    else:
        moving.stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason=REASON)
    doctor = signed_in(clinic, Role.DOCTOR)

    page = " ".join(doctor.get(reverse("doctor:home")).content.decode().split())
    change = unseen_changes(user_of(clinic, Role.DOCTOR)).get()
    answer = doctor.post(reverse("doctor:change_seen", args=[change.pk]), follow=True)
    again = doctor.post(reverse("doctor:change_seen", args=[change.pk]))

    assert REASON in page
    assert "6 visits called off" in page
    assert "for you to know" not in answer.content.decode()
    assert again.status_code == 302
    change.refresh_from_db()
    assert change.seen_by == clinic.doctor


def test_who_was_treated_is_asked_once_more_how_it_helped_as_the_course_ends(clinic: Clinic, series: Series) -> None:
    first = series.appointments.order_by("starts").first()
    assert first is not None
    Appointment.objects.filter(pk=first.pk).update(status="fulfilled", counts=True, ending="completed")

    with clock.at_moment(first.ends + timedelta(days=1)):
        moving.stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason=REASON)
        asked = Message.objects.get(kind=Message.Kind.SCORE_ASKED)
        reason = look.why_skip(asked, clock.now())

    assert (asked.appointment_id, reason) == (first.pk, "")
    assert set(series.appointments.values_list("status", flat=True)) == {"fulfilled", "cancelled"}


def test_who_was_never_treated_is_not_asked(clinic: Clinic, series: Series) -> None:
    moving.stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason=REASON)

    assert not Message.objects.filter(kind=Message.Kind.SCORE_ASKED).exists()


def test_what_a_doctor_stops_needs_no_telling(clinic: Clinic, series: Series) -> None:
    moving.stop_series(by=clinic.by(Role.DOCTOR), series=series, reason=REASON)

    assert not unseen_changes(user_of(clinic, Role.DOCTOR)).exists()
    assert CourseChange.objects.get().seen_by == clinic.doctor


def test_only_a_doctor_ticks_it_off(clinic: Clinic, series: Series) -> None:
    pause(clinic, series)

    with pytest.raises(NotAllowed):
        pausing.see_change(by=clinic.by(Role.NURSE), change=CourseChange.objects.get())


def test_a_yes_does_not_end_a_pause_and_going_on_does_not_end_a_suspension(
    clinic: Clinic, series: Series, patient: Patient
) -> None:
    pause(clinic, series)
    suspend(clinic, patient)

    with clock.at_moment(NOW + timedelta(seconds=90)):
        resumed = pausing.resume_series(by=clinic.by(Role.FRONT_DESK), series=series, reason="She called")
    assert resumed.status == Series.Status.ON_HOLD, "the doctor's no still stands"
    clear(clinic, patient)
    series.refresh_from_db()
    assert series.status == Series.Status.ACTIVE

    with clock.at_moment(NOW + timedelta(minutes=3)):
        pause(clinic, series)
    with clock.at_moment(NOW + timedelta(minutes=4)):
        decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=NOW.date() + timedelta(days=300)
        )
    series.refresh_from_db()
    assert series.status == Series.Status.ON_HOLD, "a pause ends when the patient says so"


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"reason": "  "}, Refused, "Say why"),
        ({"until": date(2027, 4, 5)}, Refused, "Choose a day to come"),
        ({"by": Actor("patient", "x", "Ada"), "reason": ""}, Refused, "Say why"),
    ],
)
def test_a_pause_that_lacks_something_changes_nothing(
    clinic: Clinic, series: Series, changes: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        pause(clinic, series, **changes)

    assert Appointment.objects.filter(series=series, status="booked").count() == 6


def test_nobody_pauses_twice_nor_what_somebody_else_has_just_changed_nor_while_the_patient_is_here(
    clinic: Clinic, series: Series
) -> None:
    seen = dict(series.appointments.values_list("pk", "version"))
    first = series.appointments.order_by("starts").first()
    assert first is not None
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=first, reason="ill", version=first.version)
    with pytest.raises(Stale):
        pause(clinic, series, seen=seen)
    second = series.appointments.filter(status="booked").order_by("starts").first()
    assert second is not None
    with clock.at_moment(second.starts):
        arrive(by=clinic.by(Role.NURSE), appointment=second)
        with pytest.raises(Refused, match="is here for a visit now"):
            pause(clinic, series)
    Appointment.objects.filter(pk=second.pk).update(status="booked")
    pause(clinic, series)

    with pytest.raises(WrongStatus, match="paused"):
        pause(clinic, series)


def test_a_suspension_reserves_every_date_and_says_so_to_desk_and_patient(
    clinic: Clinic, series: Series, patient: Patient
) -> None:
    suspend(clinic, patient)

    assert set(series.appointments.values_list("status", flat=True)) == {"proposed"}
    assert Hold.objects.filter(appointment__series=series, expires_at=None).exists()
    told = Message.objects.get(kind=Message.Kind.NEWS)
    words = " ".join(preview(told).text.split())
    assert told.channel == "call", "a no is told by a person"
    assert "before your next visit. Your dates stay reserved for you" in words
    assert "rash" not in words
    first = series.appointments.order_by("starts").values_list("starts", flat=True)[0]
    assert told.best_before == first, "the call is made before the first date on which nobody is to come"
    assert told.not_after is not None
    assert told.not_after > first, "and still, for the other dates, where nobody was reached"
    desk = signed_in(clinic, Role.FRONT_DESK)
    home = " ".join(desk.get(reverse("desk:work")).content.decode().split())
    assert "a doctor has put the treatment on hold; the dates stay reserved" in home
    page = " ".join(desk.get(reverse("desk:patient", args=[patient.pk])).content.decode().split())
    assert "A doctor has put the treatment on hold." in page


def test_the_pages_pause_and_go_on(clinic: Clinic, series: Series) -> None:
    desk = signed_in(clinic, Role.FRONT_DESK)
    url = reverse("desk:pause_series", args=[series.pk])
    seen = desk.get(url).context["seen"]

    refused = desk.post(url, {"seen": seen, "reason": REASON, "until": "2027-04-01", "caller": ""})
    done = desk.post(url, {"seen": seen, "reason": REASON, "until": "2027-05-17", "caller": "patient"}, follow=True)
    on = desk.post(reverse("desk:resume_series", args=[series.pk]), {"reason": "She called", "caller": "patient"})

    assert refused.status_code == 422
    assert REASON in refused.content.decode()
    assert "The course is paused" in done.content.decode()
    assert CourseChange.objects.filter(kind="paused").get().made_by_name.endswith(f"asked by {series.patient.name}")
    assert on["Location"] == reverse("desk:rest", args=[series.pk])


def test_the_doctors_list_asks_no_more_for_many_changes_than_for_few(
    clinic: Clinic, django_assert_max_num_queries: object
) -> None:
    doctor, url = signed_in(clinic, Role.DOCTOR), reverse("doctor:home")
    for number in range(2):
        one = make_patient(clinic.site, cleared=True)
        pause(clinic, book(clinic, one), reason=f"Reason {number}")
    few = _queries(doctor, url, django_assert_max_num_queries)
    for number in range(8):
        one = make_patient(clinic.site, cleared=True)
        pause(clinic, book(clinic, one), reason=f"Reason {number}")

    assert _queries(doctor, url, django_assert_max_num_queries) == few


def _queries(client: Client, url: str, counter: object) -> int:
    client.get(url)
    with counter(80) as captured:  # type: ignore[operator]
        client.get(url)
    return len(captured)
