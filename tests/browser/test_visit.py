"""A visit from the door to the door, in a real Chromium: the nurse on a tablet, the doctor at the desk; without a mouse
where it matters, and nothing for axe to find on any page on the way.
"""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.permissions import Role
from patients.actions import add_contact
from patients.models import Patient
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_notes import record_reading
from scheduling.models import Appointment, Dose, Ending, Pause, Question, Reading
from tests.browser.judges import NARROWEST, broken_rules
from tests.browser.people import go, open_clinic, sign_in, take_the_clock_to
from tests.factories import NOW, Clinic
from tests.visit.worlds import make_visit, name_ride, set_lists

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLET = {"width": 768, "height": 1024}


class Story:
    """One visit, the people of it, and the clock that goes along."""

    def __init__(self, browser: Browser, server: LiveServer, settings: Any) -> None:
        self.settings = settings
        self.clinic: Clinic = open_clinic(settings, server.url)
        with clock.at_moment(NOW):
            version = self.clinic.induction
            version.systolic_limit, version.diastolic_limit = 160, 100
            set_lists(version, checkin=("Anything to eat?", "Feeling ill today?"), fitness=("Walks steadily",))
            self.visit = make_visit(self.clinic, cleared=True, consented=True)
            self.patient: Patient = self.visit.patient
            add_contact(
                by=self.clinic.by("nurse"),  # type: ignore[arg-type]
                patient=self.patient,
                name="Rosa Lind",
                phone="+15185550188",
                is_adult=True,
                may_be_told=True,
                may_drive=True,
            )
        calm = {"reduced_motion": "reduce"}
        self.nurse = sign_in(browser, server.url, self.clinic.nurses[0], viewport=TABLET, has_touch=True, **calm)
        self.doctor = sign_in(browser, server.url, self.clinic.doctor, color_scheme="dark", **calm)

    def minutes_on(self, minutes: int) -> None:
        """The clinic's clock stands that many minutes after the planned start."""
        take_the_clock_to(self.settings, NOW + timedelta(minutes=minutes))

    def record(self, systolic: int, diastolic: int) -> None:
        """The nurse types a blood pressure, by keyboard."""
        page = self.nurse
        page.get_by_label("Systolic").fill(str(systolic))
        page.keyboard.press("Tab")
        page.keyboard.type(str(diastolic))
        page.get_by_role("button", name="Record the reading").press("Enter")

    def fresh(self) -> Appointment:
        """The visit as it is now."""
        return Appointment.objects.select_related("record").get(pk=self.visit.pk)


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, settings: Any) -> Story:
    """The patient of nine o'clock is expected."""
    return Story(browser, live_server, settings)


def judge(page: Page) -> None:
    """Nothing for axe to find, nothing that scrolls sideways on a tablet or a narrow phone."""
    assert broken_rules(page) == []
    size = page.viewport_size
    assert size is not None
    assert int(page.evaluate("document.documentElement.scrollWidth")) <= size["width"]
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert int(page.evaluate("document.documentElement.scrollWidth")) <= NARROWEST
    page.set_viewport_size(size)


def test_a_visit_from_the_door_to_the_door(story: Story) -> None:
    # Given a patient who arrives without anybody to drive home, and whose pressure is high:
    the_patient_arrives_and_the_pressure_is_high(story)
    # When the nurse asks a doctor about going home alone, the doctor finds it on the list, and says no:
    the_nurse_asks_and_the_doctor_answers(story)
    # Then a companion is named, and the patient rests until a second reading is within the limit.
    a_companion_is_named_and_the_second_reading_is_within_the_limit(story)
    # When the doctor has ordered, the drip starts, and more than ordered is kept, and marked.
    the_doctor_orders(story)
    the_drip_starts_and_what_was_given_is_marked(story)
    # When a reading during the drip is over the limit, the drip is stopped, and the series is not.
    a_high_reading_stops_the_drip_until_one_is_within_the_limit(story)
    # Then effects are noted, the drip comes out, and the least time of recovery counts down.
    effects_are_noted_and_the_recovery_counts_down(story)
    # When the time is over, somebody else stands at the door: one short form, and the patient goes home.
    somebody_else_takes_the_patient_home(story)


def the_patient_arrives_and_the_pressure_is_high(story: Story) -> None:
    nurse = story.nurse
    go(nurse, "nurse:home")
    nurse.get_by_role("button", name=f"{story.patient.name} has arrived").press("Enter")
    nurse.get_by_role("link", name=f"Check in {story.patient.name}").press("Enter")
    nurse.get_by_text("The blood pressure of").wait_for()
    judge(nurse)
    story.record(182, 104)
    nurse.get_by_text("The reading is over the limit.").wait_for()


def the_nurse_asks_and_the_doctor_answers(story: Story) -> None:
    nurse, doctor = story.nurse, story.doctor
    nurse.get_by_role("button", name="Ask a doctor to waive it").click()
    nurse.get_by_text("waiting for a doctor").first.wait_for()
    go(doctor, "doctor:home")
    judge(doctor)
    doctor.get_by_role("link", name=f"Answer about {story.patient.name}").click()
    judge(doctor)
    ride = doctor.locator(".decision", has_text="Going home without a companion")
    ride.get_by_label("No").check()
    ride.get_by_label("Reason").fill("She lives an hour away")
    ride.get_by_role("button", name="Answer").click()
    doctor.get_by_text("Your answer is kept").wait_for()


def a_companion_is_named_and_the_second_reading_is_within_the_limit(story: Story) -> None:
    nurse = story.nurse
    nurse.reload()
    nurse.get_by_text("She lives an hour away").wait_for()
    nurse.get_by_label("Somebody known").select_option(label="Rosa Lind")
    nurse.get_by_label("Has said that they will drive").check()
    nurse.get_by_role("button", name="Name for this visit").click()
    story.minutes_on(12)
    story.record(148, 92)
    nurse.get_by_text("Nothing stands in the way today.").wait_for()
    assert Reading.objects.filter(appointment=story.visit).count() == 2


def the_doctor_orders(story: Story) -> None:
    doctor = story.doctor
    doctor.get_by_role("link", name="Write an order").first.click()
    judge(doctor)
    doctor.get_by_label("Drug").fill("ketamine")
    doctor.get_by_label("Dose, at least").fill("35")
    doctor.get_by_label("Dose, at most").fill("40")
    doctor.get_by_role("button", name="Order", exact=True).click()
    doctor.get_by_text("Ordered: ketamine 35 to 40 mg").wait_for()


def the_drip_starts_and_what_was_given_is_marked(story: Story) -> None:
    nurse = story.nurse
    for answer in nurse.locator("form[action$='/start/']").get_by_label("No", exact=True).all():
        answer.check()
    nurse.get_by_role("button", name="Start", exact=True).press("Enter")
    nurse.get_by_text("35 to 40 mg").wait_for()
    nurse.get_by_label("Dose given").fill("45")
    nurse.get_by_role("button", name="Record it", exact=True).last.click()
    nurse.get_by_text("more than ordered").first.wait_for()
    assert Dose.objects.get().marks == ["above"]


def a_high_reading_stops_the_drip_until_one_is_within_the_limit(story: Story) -> None:
    nurse = story.nurse
    story.minutes_on(30)
    story.record(175, 95)
    nurse.get_by_text("The drip stays stopped").wait_for()
    judge(nurse)
    assert Pause.objects.get().until is None
    nurse.get_by_role("button", name="Go on").click()
    nurse.get_by_text("Let the patient rest and measure again, or ask a doctor.").first.wait_for()
    story.minutes_on(40)
    story.record(150, 90)
    nurse.get_by_role("button", name="Go on").press("Enter")
    nurse.get_by_text("The drip goes on.").wait_for()


def effects_are_noted_and_the_recovery_counts_down(story: Story) -> None:
    nurse = story.nurse
    nurse.get_by_text("Record side effects").click()
    nurse.get_by_label("Dizziness").check()
    nurse.get_by_role("button", name="Record them").click()
    nurse.get_by_text("Dizziness, mild").wait_for()
    story.minutes_on(65)
    nurse.get_by_role("button", name="The drip is out: to recovery").press("Enter")
    nurse.get_by_text("60 min").wait_for()
    judge(nurse)


def somebody_else_takes_the_patient_home(story: Story) -> None:
    nurse = story.nurse
    story.minutes_on(126)
    nurse.reload()
    nurse.get_by_text("Time is over").wait_for()
    judge(nurse)
    nurse.get_by_text("Somebody else takes the patient home").click()
    nurse.get_by_label("Name of somebody new").fill("Bo Lind")
    nurse.get_by_label("Telephone").fill("+15185550177")
    nurse.get_by_label("Is 18 or older").check()
    nurse.get_by_label("Somebody known").select_option(label="Somebody new")
    nurse.get_by_role("button", name="Name for this visit").click()
    nurse.get_by_text("The companion is named.").wait_for()
    nurse.get_by_label("Walks steadily").check()
    nurse.get_by_role("button", name="Hand over and discharge").press("Enter")
    nurse.get_by_text("Counts toward the series: the whole dose was given.").wait_for()
    judge(nurse)
    ended = story.fresh()
    assert (ended.ending, ended.counts, ended.record.handed_to_name) == (Ending.COMPLETED, True, "Bo Lind")
    assert Question.objects.get().answer == "no"


def test_a_time_is_set_right_and_a_lost_infusion_is_planned_anew_on_the_spot(story: Story) -> None:
    # Given a patient who is here and has eaten, and whose arrival was ticked late.
    nurse = story.nurse
    story.minutes_on(10)
    go(nurse, "nurse:visit", story.visit.pk)
    nurse.get_by_role("button", name="Arrived", exact=True).click()

    # When the nurse sets the time right, with a reason,
    nurse.get_by_role("link", name="Correct the time of “Arrived”").click()
    judge(nurse)
    nurse.locator("input[type=time]").fill("09:02")
    nurse.get_by_role("button", name="Correct it").click()
    nurse.get_by_label("Why was the time not right?").fill("The door was busy")
    nurse.get_by_role("button", name="Correct it").click()
    nurse.get_by_text("9:02 a.m.").first.wait_for()
    assert story.fresh().record.arrived_at == NOW + timedelta(minutes=2)

    # and ends the visit as not treated, then the page says what that means and plans the infusion anew.
    nurse.get_by_text("Not treated today, left alone, or sent to hospital").click()
    judge(nurse)
    nurse.get_by_label("had eaten").check()
    nurse.get_by_role("button", name="End the visit").press("Enter")
    nurse.get_by_text("does not count").first.wait_for()
    judge(nurse)
    nurse.get_by_role("link", name="Another time").press("Enter")
    judge(nurse)
    nurse.go_back()
    nurse.get_by_role("group", name="Times for one click").get_by_role("button").first.press("Enter")
    nurse.get_by_text("; the patient is told.").wait_for()
    assert Appointment.objects.filter(patient=story.patient, status="booked").count() == 1


def test_a_nurse_who_sees_an_overrun_shifts_whom_it_hits(story: Story) -> None:
    # Given a drip that runs over, and a patient who is to have the same chair afterwards.
    nurse, by = story.nurse, story.clinic.by(Role.NURSE)
    starts = NOW + timedelta(minutes=125)
    with clock.at_moment(NOW):
        following = make_visit(story.clinic, starts=starts, cleared=True)
        name_ride(story.visit, story.patient.contacts.get(name="Rosa Lind"))
        arrive(by=by, appointment=story.visit)
        record_reading(by=by, appointment=story.visit, values={"systolic": 120, "diastolic": 80})
    answers = {"Anything to eat?": "no", "Feeling ill today?": "no"}
    with clock.at_moment(NOW + timedelta(minutes=15)):
        start(by=by, appointment=story.visit, checkin=answers)
    story.minutes_on(70)

    # When the nurse presses the button beside the name, on the page of the visit that runs over,
    go(nurse, "nurse:visit", story.visit.pk)
    judge(nurse)
    nurse.get_by_role("button", name="minutes later").press("Enter")

    # then that visit starts later, and patient and companion are told.
    nurse.get_by_text("; patient and companion are told.").wait_for()
    following.refresh_from_db()
    assert following.starts > starts
    assert following.messages.filter(kind="moved").count() == 1


def test_a_visit_that_nobody_closed_is_closed_the_morning_after_from_the_nurses_list(story: Story) -> None:
    # Given a visit of yesterday that took place while the network was down.
    nurse = story.nurse
    story.minutes_on(24 * 60)

    # When the nurse says from the list what happened, at first without who took the patient home,
    go(nurse, "nurse:home")
    judge(nurse)
    nurse.get_by_role("link", name="Say what happened").press("Enter")
    nurse.wait_for_url("**/afterwards/")
    judge(nurse)
    for label, time in (("Arrived", "09:00"), ("Started", "09:12"), ("Recovering since", "09:52"), ("Left", "10:55")):
        nurse.get_by_role("textbox", name=label, exact=False).fill(time)
    nurse.get_by_role("radio", name="Completed").press("Space")
    nurse.get_by_label("Why it is entered only now").first.fill("The network was down")
    nurse.get_by_role("button", name="Enter the visit").press("Enter")
    nurse.get_by_text("Name the adult who took the patient home").wait_for()
    judge(nurse)
    nurse.get_by_label("Taken home by").select_option(label="Rosa Lind")
    nurse.get_by_role("button", name="Enter the visit").press("Enter")

    # then it is closed with its real times, and says that it was entered afterwards.
    nurse.get_by_text("Entered afterwards: The network was down").wait_for()
    judge(nurse)
    visit = story.fresh()
    assert (visit.ending, visit.counts) == (Ending.COMPLETED, True)
    assert visit.record.started_at == NOW + timedelta(minutes=12)
