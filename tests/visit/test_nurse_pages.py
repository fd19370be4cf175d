"""The nurse's list and the visit page, through a browser's requests."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Clearance, Consent, Contact
from scheduling.actions.visit import arrive, start, to_recovery
from scheduling.models import Appointment, Ending, Ride, Series, VisitRecord
from tests.factories import NOW, make_clinic, make_patient
from tests.visit.conftest import Ward
from tests.visit.worlds import make_consult, make_given, make_series, make_visit, name_ride, set_lists

Status = Appointment.Status


def _url(name: str, visit: Appointment) -> str:
    return reverse(f"nurse:{name}", args=[visit.pk])


def _text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def nurse(ward: Ward) -> Client:
    """The nurse at her desk."""
    return ward.signed_in(Role.NURSE)


@pytest.fixture
def here(ward: Ward) -> Ward:
    """The patient has arrived and nothing stands in the way."""
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    return ward


@pytest.fixture
def running(here: Ward) -> Ward:
    """The drip runs."""
    start(by=here.clinic.by(Role.NURSE), appointment=here.visit)
    return here


@pytest.fixture
def recovering(running: Ward) -> Ward:
    """The drip is out."""
    to_recovery(by=running.clinic.by(Role.NURSE), appointment=running.visit)
    return running


@pytest.fixture
def fit(recovering: Ward) -> Iterator[Ward]:
    """The least time of recovery has passed."""
    with clock.at_moment(NOW + timedelta(hours=1)):
        yield recovering


def test_the_list_shows_each_patient_in_her_phase_with_the_next_step(recovering: Ward, nurse: Client) -> None:
    expected = make_visit(recovering.clinic, starts=NOW + timedelta(hours=3))
    page = nurse.get(reverse("nurse:home"))
    columns = {column.phase.value: [card.visit for card in column.cards] for column in page.context["columns"]}
    assert columns["recovering"] == [recovering.visit]
    assert columns["expected"] == [expected]
    assert columns["infusing"] == []
    assert "may leave from 10 a.m." in _text(page)
    assert _url("arrived", expected) in _text(page)


def test_a_patient_who_never_left_yesterday_is_still_on_the_list(here: Ward, nurse: Client) -> None:
    with clock.at_moment(NOW + timedelta(days=1)):
        page = nurse.get(reverse("nurse:home"))
    assert here.visit.patient.name in _text(page)
    assert "Mon Apr 5, 9 a.m." in _text(page)


def test_the_list_leaves_out_other_days_other_sites_and_what_was_cancelled(ward: Ward, nurse: Client) -> None:
    tomorrow = make_visit(ward.clinic, starts=NOW + timedelta(days=1))
    called_off = make_visit(ward.clinic, status=Status.CANCELLED, ending="cancelled")
    elsewhere = make_visit(make_clinic(name="Mesa"))
    text = _text(nurse.get(reverse("nurse:home")))
    for visit in (tomorrow, called_off, elsewhere):
        assert visit.patient.name not in text


def test_the_list_asks_as_many_queries_for_forty_visits_as_for_four(
    ward: Ward, nurse: Client, django_assert_num_queries: Any
) -> None:
    _fill(ward, 3)
    nurse.get(reverse("nurse:home"))
    with django_assert_num_queries(QUERIES_OF_THE_LIST):
        nurse.get(reverse("nurse:home"))
    _fill(ward, 36)
    with django_assert_num_queries(QUERIES_OF_THE_LIST):
        nurse.get(reverse("nurse:home"))


#: Session, user with roles, the counts beside the navigation, sites, visits, their phases, pauses, readings,
#: questions, chairs; and whom they are in the way of: visits, phases, needs, pauses.
QUERIES_OF_THE_LIST = 15


def _fill(ward: Ward, how_many: int) -> None:
    for number in range(how_many):
        visit = make_consult(ward.clinic, starts=NOW + timedelta(minutes=5 * number), ends=NOW + timedelta(hours=5))
        if number % 2:
            arrive(by=ward.clinic.by(Role.NURSE), appointment=visit)


def test_an_open_list_is_told_only_when_something_changed(running: Ward, nurse: Client) -> None:
    site = running.clinic.site.pk
    version = nurse.get(reverse("nurse:home")).context["version"]
    ask = {"site": site, "since": version}
    same = nurse.get(reverse("nurse:changes"), ask)
    assert (same.status_code, same.content) == (204, b"")
    to_recovery(by=running.clinic.by(Role.NURSE), appointment=running.visit)
    changed = nurse.get(reverse("nurse:changes"), ask)
    assert changed.status_code == 200
    assert "may leave from" in _text(changed)
    assert "<html" not in _text(changed)


def test_the_arrival_is_one_click_and_comes_back_to_the_list(ward: Ward, nurse: Client) -> None:
    response = nurse.post(_url("arrived", ward.visit), {"next": reverse("nurse:home")})
    assert response.status_code == 302
    assert response["Location"] == reverse("nurse:home")
    assert VisitRecord.objects.get(appointment=ward.visit).arrived_at == NOW


def test_going_back_never_leads_to_another_site_of_the_web(ward: Ward, nurse: Client) -> None:
    response = nurse.post(_url("arrived", ward.visit), {"next": "https://elsewhere.example/"})
    assert response["Location"] == _url("visit", ward.visit)


def test_looking_at_a_step_changes_nothing(ward: Ward, nurse: Client) -> None:
    for name in ("arrived", "did_not_come", "start", "recovery", "discharge", "end", "companion", "waiver"):
        assert nurse.get(_url(name, ward.visit)).status_code == 405
    nurse.get(_url("visit", ward.visit))
    assert not VisitRecord.objects.exists()


def test_the_page_names_every_gate_and_the_way_to_open_it(ward: Ward, nurse: Client) -> None:
    Clearance.objects.all().delete()
    Consent.objects.all().delete()
    text = _text(nurse.get(_url("visit", ward.visit)))
    assert "No doctor has cleared" in text
    assert "No signed consent" in text
    assert "Nobody is named to drive" in text
    assert _url("companion", ward.visit) in text
    assert "Doctor Gray" in text
    assert _url("waiver", ward.visit) not in text


def test_the_desk_names_a_known_companion_on_the_spot(ward: Ward) -> None:
    desk = ward.signed_in(Role.FRONT_DESK)
    desk.post(_url("companion", ward.visit), {"companion-contact": str(ward.companion.pk), "companion-agreed": "on"})
    ride = Ride.objects.get(appointment=ward.visit)
    assert (ride.companion, ride.status) == (ward.companion, Ride.Status.CONFIRMED)


def test_a_new_companion_is_saved_and_named(ward: Ward, nurse: Client) -> None:
    nurse.post(
        _url("companion", ward.visit),
        {"companion-name": "Bo Lind", "companion-phone": "+1 518 555 0177", "companion-is_adult": "on"},
    )
    assert Ride.objects.get(appointment=ward.visit).companion == Contact.objects.get(name="Bo Lind")


def test_a_companion_who_is_no_adult_is_refused_and_what_was_typed_stays(ward: Ward, nurse: Client) -> None:
    response = nurse.post(
        _url("companion", ward.visit), {"companion-name": "Kim Lind", "companion-phone": "+1 518 555 0177"}
    )
    assert response.status_code == 422
    assert "18 or older" in _text(response)
    assert 'value="Kim Lind"' in _text(response)
    assert not Contact.objects.filter(name="Kim Lind").exists()


def test_naming_nobody_asks_for_a_name(ward: Ward, nurse: Client) -> None:
    response = nurse.post(_url("companion", ward.visit), {})
    assert "Choose somebody known, or type the name" in _text(response)


def test_a_doctor_waives_the_ride_with_a_reason_and_a_nurse_cannot(ward: Ward, nurse: Client) -> None:
    assert nurse.post(_url("waiver", ward.visit), {"waiver-reason": "Lives upstairs"}).status_code == 403
    doctor = ward.signed_in(Role.DOCTOR)
    assert "Please fill in “Why this patient may go home without a companion”." in _text(
        doctor.post(_url("waiver", ward.visit), {"waiver-reason": ""})
    )
    doctor.post(_url("waiver", ward.visit), {"waiver-reason": "Lives upstairs"})
    assert Ride.objects.get(appointment=ward.visit).status == Ride.Status.WAIVED


def test_a_doctor_can_still_waive_the_ride_while_the_patient_recovers(fit: Ward) -> None:
    doctor = fit.signed_in(Role.DOCTOR)
    assert _url("waiver", fit.visit) in _text(doctor.get(_url("visit", fit.visit)))
    doctor.post(_url("waiver", fit.visit), {"waiver-reason": "Taken over by the ward next door"})
    doctor.post(_url("discharge", fit.visit), {"discharge-ending": "completed"})
    fit.visit.refresh_from_db()
    assert fit.visit.ending == Ending.COMPLETED


def test_starting_before_a_gate_is_open_names_the_gate_and_keeps_the_answers(ward: Ward, nurse: Client) -> None:
    set_lists(ward.clinic.induction, checkin=("Anything to eat?",))
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    response = nurse.post(_url("start", ward.visit), {"start-question_0": "yes"})
    assert response.status_code == 422
    said = f"Nobody is named to drive {ward.visit.patient.name} home."
    assert _text(response).count(said) == 2, "beside the gate, and once above the form"
    assert response.context["page"].start_form["question_0"].value() == "yes"
    assert VisitRecord.objects.get(appointment=ward.visit).started_at is None


def test_the_drip_is_started_with_answers_chair_and_nurse(here: Ward, nurse: Client) -> None:
    set_lists(here.clinic.induction, checkin=("Anything to eat?",))
    data = {
        "start-question_0": "no",
        "start-chair": str(here.clinic.chairs[1].pk),
        "start-nurse": str(here.clinic.nurses[1].pk),
    }
    assert nurse.post(_url("start", here.visit), data).status_code == 302
    record = VisitRecord.objects.get(appointment=here.visit)
    assert (record.started_at, record.chair, record.nurse) == (NOW, here.clinic.chairs[1], here.clinic.nurses[1])
    assert record.checkin == {"Anything to eat?": "no"}


def test_the_start_asks_every_question_of_the_list(here: Ward, nurse: Client) -> None:
    set_lists(here.clinic.induction, checkin=("Anything to eat?",))
    response = nurse.post(_url("start", here.visit), {})
    assert "Ask the patient, and answer yes or no." in _text(response)


def test_the_answers_can_be_kept_without_starting(here: Ward, nurse: Client) -> None:
    set_lists(here.clinic.induction, checkin=("Anything to eat?", "Feeling ill?"))
    nurse.post(_url("start", here.visit), {"start-question_0": "yes", "keep": "1"})
    record = VisitRecord.objects.get(appointment=here.visit)
    assert (record.checkin, record.started_at) == ({"Anything to eat?": "yes"}, None)


def test_recovery_is_one_click(running: Ward, nurse: Client) -> None:
    nurse.post(_url("recovery", running.visit))
    assert VisitRecord.objects.get(appointment=running.visit).recovery_at == NOW


def test_a_step_out_of_order_is_refused_with_a_sentence(ward: Ward, nurse: Client) -> None:
    response = nurse.post(_url("recovery", ward.visit), follow=True)
    assert "Recovery follows a started drip" in _text(response)


def test_the_patient_is_discharged_to_the_companion_once_fit(fit: Ward, nurse: Client) -> None:
    set_lists(fit.clinic.induction, fitness=("Walks steadily",))
    data = {"discharge-ending": "completed", "discharge-handed_to": str(fit.companion.pk)}
    refused = nurse.post(_url("discharge", fit.visit), data | {"discharge-note": "Slept a little"})
    assert "Not fit to leave yet: Walks steadily" in _text(refused)
    assert "Slept a little" in _text(refused)
    nurse.post(_url("discharge", fit.visit), data | {"discharge-fitness": "Walks steadily"})
    fit.visit.refresh_from_db()
    assert fit.visit.ending == Ending.COMPLETED
    assert "Rosa Lind" in _text(nurse.get(_url("visit", fit.visit)))


def test_a_discharge_to_nobody_is_refused(fit: Ward, nurse: Client) -> None:
    response = nurse.post(_url("discharge", fit.visit), {"discharge-ending": "completed"})
    assert response.status_code == 422
    assert "Name the adult who takes" in _text(response)


def test_the_endings_form_offers_only_what_the_facts_allow(here: Ward, nurse: Client) -> None:
    before = nurse.get(_url("visit", here.visit)).context["page"].end_form.fields["ending"].choices
    start(by=here.clinic.by(Role.NURSE), appointment=here.visit)
    after = nurse.get(_url("visit", here.visit)).context["page"].end_form.fields["ending"].choices
    assert Ending.NOT_TREATED_ATE in dict(before)
    assert set(dict(after)) == {Ending.LEFT_AGAINST_ADVICE, Ending.HOSPITAL}


def test_a_visit_ends_untreated_and_offers_to_plan_anew(here: Ward, nurse: Client) -> None:
    nurse.post(_url("end", here.visit), {"end-ending": "not_treated_ate", "end-note": "Breakfast at eight"})
    here.visit.refresh_from_db()
    assert here.visit.ending == Ending.NOT_TREATED_ATE
    assert "Infusion in its place, with one click" in _text(
        here.signed_in(Role.FRONT_DESK).get(_url("visit", here.visit))
    )


def test_the_page_of_the_last_infusion_says_that_a_doctor_decides_now(ward: Ward, nurse: Client) -> None:
    patient = make_patient(ward.clinic.site)
    last = make_given(ward.clinic, make_series(ward.clinic, patient), 6, NOW - timedelta(days=3))
    assert "The induction is over" in _text(nurse.get(_url("visit", last)))
    doctor = ward.signed_in(Role.DOCTOR)
    assert reverse("doctor:boosters", args=[last.series_id]) in _text(doctor.get(_url("visit", last)))


def test_a_last_infusion_that_was_lost_is_planned_anew_or_a_doctor_decides(ward: Ward) -> None:
    patient = make_patient(ward.clinic.site, cleared=True)
    series = make_series(ward.clinic, patient)
    for number in range(1, 6):
        make_given(ward.clinic, series, number, NOW - timedelta(days=20 - 3 * number))
    lost = make_visit(
        ward.clinic,
        patient=patient,
        series=series,
        starts=NOW - timedelta(days=1),
        number=6,
        status=Appointment.Status.NOSHOW,
        ending=Ending.NO_SHOW,
        counts=False,
    )
    page = _text(ward.signed_in(Role.FRONT_DESK).get(_url("visit", lost)))
    assert "No other infusion is left to come: plan this one anew" in page
    assert "The induction is over" not in page

    Series.objects.filter(pk=series.pk).update(status=Series.Status.ON_HOLD)
    page = _text(ward.signed_in(Role.FRONT_DESK).get(_url("visit", lost)))
    assert "The course is on hold: a doctor decides first" in page


def test_who_comes_although_the_visit_of_today_was_cancelled_is_recorded_and_seen_as_a_walk_in(ward: Ward) -> None:
    called_off = make_visit(ward.clinic, chair=1, nurse=1, status=Appointment.Status.CANCELLED, ending="cancelled")
    clerk = ward.signed_in(Role.FRONT_DESK)
    page = _text(clerk.get(_url("visit", called_off)))
    assert "Is here all the same" in page
    assert reverse("desk:walk_in", args=[called_off.patient_id]) in page

    said = _text(clerk.post(_url("arrived", called_off), follow=True))

    assert "this visit is “cancelled”. Book a new visit" in said
    assert "Is here all the same" not in said
    assert VisitRecord.objects.get(appointment=called_off).arrived_at == NOW


def test_a_late_patient_is_marked_and_a_long_recovery_is_not(recovering: Ward, nurse: Client) -> None:
    make_visit(recovering.clinic, starts=NOW + timedelta(hours=3))
    with clock.at_moment(NOW + timedelta(hours=4)):
        columns = nurse.get(reverse("nurse:home")).context["columns"]
    late = {column.phase.value: [card.row.late for card in column.cards] for column in columns}
    assert late == {"expected": [True], "here": [], "infusing": [], "recovering": [False], "done": []}


def test_who_leaves_alone_needs_the_doctor_named(running: Ward, nurse: Client) -> None:
    data = {"end-ending": "left_against_advice"}
    refused = nurse.post(_url("end", running.visit), data)
    assert refused.context["page"].end_form.errors["doctor_told"]
    nurse.post(_url("end", running.visit), data | {"end-doctor_told": str(running.clinic.doctor.pk)})
    running.visit.refresh_from_db()
    assert running.visit.ending == Ending.LEFT_AGAINST_ADVICE


def test_a_no_show_is_one_click_after_the_time_has_come(ward: Ward) -> None:
    desk = ward.signed_in(Role.FRONT_DESK)
    desk.post(_url("did_not_come", ward.visit))
    ward.visit.refresh_from_db()
    assert ward.visit.status == Status.NOSHOW
    assert "Came after all" in _text(desk.get(_url("visit", ward.visit)))


def test_a_wrong_arrival_is_taken_back_with_a_reason(here: Ward, nurse: Client) -> None:
    assert nurse.post(_url("not_arrived", here.visit), {"undo-reason": ""}).status_code == 422
    nurse.post(_url("not_arrived", here.visit), {"undo-reason": "The other Ada"})
    here.visit.refresh_from_db()
    assert here.visit.status == Status.BOOKED


def test_a_consult_is_begun_and_ended_without_gates(ward: Ward) -> None:
    consult = make_consult(ward.clinic)
    doctor = ward.signed_in(Role.DOCTOR)
    doctor.post(_url("arrived", consult))
    doctor.post(_url("start", consult), {})
    doctor.post(_url("end", consult), {"end-ending": "completed"})
    consult.refresh_from_db()
    assert (consult.status, consult.ending) == (Status.FULFILLED, Ending.COMPLETED)


def test_the_desk_sees_the_visit_without_what_is_clinical(here: Ward, nurse: Client) -> None:
    set_lists(here.clinic.induction, checkin=("Any chance of being pregnant?",))
    VisitRecord.objects.filter(appointment=here.visit).update(
        checkin={"Any chance of being pregnant?": "yes"}, note="Told us about a new medicine"
    )
    for words in ("Any chance of being pregnant?", "Told us about a new medicine"):
        assert words in _text(nurse.get(_url("visit", here.visit)))
        assert words not in _text(here.signed_in(Role.FRONT_DESK).get(_url("visit", here.visit)))


def test_a_clerk_cannot_start_or_end_a_drip(here: Ward) -> None:
    desk = here.signed_in(Role.FRONT_DESK)
    for name in ("start", "recovery", "discharge", "end"):
        assert desk.post(_url(name, here.visit)).status_code == 403


def test_a_visit_of_another_site_does_not_exist_here(ward: Ward, nurse: Client) -> None:
    elsewhere = make_visit(make_clinic(name="Mesa"))
    assert nurse.get(_url("visit", elsewhere)).status_code == 404
    assert nurse.post(_url("arrived", elsewhere)).status_code == 404
