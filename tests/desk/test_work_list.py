"""The work list: each kind of row is there while the thing waits, and gone when its one next action is done."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import Closure, Site, User
from clinic.permissions import Role
from patients.actions import decide_clearance
from patients.models import Authorisation, Clearance, Consent, Patient
from scheduling import tasks
from scheduling.actions import offers, requests
from scheduling.models import Appointment, ChangeRequest, KeptCount, Message
from scheduling.selectors import slow_counts
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.rescue_plan import without_cover
from scheduling.selectors.work_counts import SAME, Counts, counts_for
from tests.desk.conftest import SignIn
from tests.desk.pages import text
from tests.desk.waiting import FAILED, told, waiting
from tests.factories import FIRST_DAY, NOW, Clinic, clear, make_clinic, make_patient, make_staff
from tests.portal.conftest import make_driver, make_visits
from tests.scheduling.helpers import book, consult, keep


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def counts(clinic: Clinic) -> Counts:
    """What the clerk's navigation says."""
    user = clinic.clerk.user
    assert isinstance(user, User)
    return counts_for(user, clock.now())


def test_a_call_waits_with_its_words_and_is_gone_when_the_person_was_reached(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    message = told(harbor, patient)
    assert waiting(harbor) == {"calls": 1}
    assert "For you alone." in text(clerk.get(reverse("desk:work")))

    done = clerk.post(reverse("desk:call_outcome", args=[message.pk]), {"outcome": "reached", "next": "home"})

    assert done["Location"] == reverse("desk:work")
    assert waiting(harbor) == {}


@pytest.mark.parametrize("outcome", ["calls_back", "no_answer"])
def test_a_call_put_off_comes_back_in_time(clerk: Client, harbor: Clinic, patient: Patient, outcome: str) -> None:
    message = told(harbor, patient, not_after=NOW + timedelta(hours=3))
    clerk.post(reverse("desk:call_outcome", args=[message.pk]), {"outcome": outcome, "wait": "240"})

    assert waiting(harbor) == {}
    assert "Come back by themselves" in text(clerk.get(reverse("desk:calls")))
    with clock.at_moment(NOW + timedelta(hours=2, minutes=30)):
        assert waiting(harbor) == {"calls": 1}, "half an hour before it would be of no use"


def test_a_failed_message_becomes_a_call_with_one_tap(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    message = told(harbor, patient, **FAILED)
    assert waiting(harbor) == {"failed": 1}
    assert "550 no such user" in text(clerk.get(reverse("desk:work")))

    done = clerk.post(reverse("desk:message_call_instead", args=[message.pk]), {"next": "home"})

    assert done["Location"] == reverse("desk:work")
    assert waiting(harbor) == {}


def test_an_address_that_bounced_waits_until_it_is_mended(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    consult(harbor, patient, harbor.at(FIRST_DAY, 15))
    Patient.objects.filter(pk=patient.pk).update(email_failed_at=NOW)
    assert waiting(harbor) == {"bounced": 1}
    assert reverse("desk:patient_edit", args=[patient.pk]) in clerk.get(reverse("desk:work")).content.decode()

    form = clerk.get(reverse("desk:patient_edit", args=[patient.pk])).context["form"]
    now = {name: form[name].value() for name in form.fields}
    typed = {name: "" if value is None else value for name, value in now.items()} | {"email": "ada@elsewhere.example"}
    clerk.post(reverse("desk:patient_edit", args=[patient.pk]), typed)

    assert waiting(harbor) == {}


@pytest.mark.parametrize("kind", list(ChangeRequest.Kind))
def test_what_a_patient_asks_for_waits_until_the_visit_is_changed(
    clerk: Client, harbor: Clinic, patient: Patient, kind: ChangeRequest.Kind
) -> None:
    visit = consult(harbor, patient, harbor.at(FIRST_DAY + timedelta(days=7), 15))
    desk = harbor.by(Role.FRONT_DESK)
    asked = requests.ask_for_change(by=desk, appointment=visit, kind=kind, words="My car is broken")
    assert waiting(harbor) == {"changes": 1}
    page = clerk.get(reverse("desk:work"))
    assert "My car is broken" in text(page)
    assert reverse("desk:change_request", args=[asked.pk]) in page.content.decode()

    requests.settle([visit])

    assert waiting(harbor) == {}


def test_a_held_series_waits_until_a_doctor_decides(clerk: Client, harbor: Clinic) -> None:
    new = make_patient(harbor.site, consented=True, given_name="Uri", family_name="Vale")
    book(harbor, new)
    assert waiting(harbor) == {"held": 1}
    assert "Uri Vale" in text(clerk.get(reverse("desk:work")))

    decide_clearance(
        by=harbor.by(Role.DOCTOR),
        patient=new,
        decision=Clearance.Decision.CLEARED,
        valid_until=FIRST_DAY + timedelta(days=90),
    )

    assert waiting(harbor) == {"rides": 1}, "confirmed, and now somebody has to drive"


def test_a_kept_plan_waits_on_its_last_working_day_until_it_is_answered(harbor: Clinic, patient: Patient) -> None:
    desk = harbor.by(Role.FRONT_DESK)
    offer = keep(harbor, patient, hours=72, version=harbor.injection, first_day=FIRST_DAY + timedelta(days=7))
    assert waiting(harbor) == {}, "there is time"
    with clock.at_moment(NOW + timedelta(days=2)):
        assert waiting(harbor) == {"offers": 1}
        offers.decline_offer(by=desk, offer=offer)
        assert waiting(harbor) == {}


def test_a_clearance_that_ends_too_early_waits_until_a_consult_is_booked(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    Clearance.objects.filter(patient=patient).update(valid_until=FIRST_DAY + timedelta(days=7))
    assert waiting(harbor)["ends"] == 1
    page = clerk.get(reverse("desk:work"))
    assert "The clearance ends" in text(page)
    assert reverse("desk:book_consult", args=[patient.pk]) in page.content.decode()

    consult(harbor, patient, harbor.at(FIRST_DAY, 15))

    assert "ends" not in waiting(harbor)


def test_a_clearance_renewed_is_no_row_either(harbor: Clinic, patient: Patient, rides: list[Appointment]) -> None:
    Clearance.objects.filter(patient=patient).update(valid_until=FIRST_DAY + timedelta(days=7))
    with clock.at_moment(NOW + timedelta(minutes=1)):
        clear(patient, harbor.site)
        assert "ends" not in waiting(harbor)


def test_a_consent_that_ends_too_early_waits_until_one_is_signed(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY)
    assert waiting(harbor)["ends"] == 1
    page = clerk.get(reverse("desk:work"))
    assert "The signed consent ends Tue Apr 6" in text(page)
    assert reverse("desk:patient_consent", args=[patient.pk]) in page.content.decode()

    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY + timedelta(days=90))

    assert "ends" not in waiting(harbor)


def test_sessions_that_do_not_reach_wait_until_more_are_paid(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    Authorisation.objects.create(patient=patient, sessions=2, valid_from=FIRST_DAY, created_at=NOW)
    assert waiting(harbor)["ends"] == 1
    assert "sessions are used up" in text(clerk.get(reverse("desk:work")))

    Authorisation.objects.create(patient=patient, sessions=4, valid_from=FIRST_DAY, created_at=NOW)

    assert "ends" not in waiting(harbor)


def test_visits_without_cover_wait_until_the_place_is_there_again(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    closed = Closure.objects.create(site=harbor.site, starts=rides[0].starts, ends=rides[0].ends, reason="snow")
    page = clerk.get(reverse("desk:work"))
    assert "Visits left without cover" in text(page)
    assert reverse("desk:rescue", args=[harbor.site.pk]) in page.content.decode()

    closed.delete()

    assert "Visits left without cover" not in text(clerk.get(reverse("desk:work")))


def test_messages_that_stand_still_are_an_alarm(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    stuck = told(harbor, patient, state=Message.State.DUE, channel="mail")
    assert "1 message should have gone out by now and did not" in text(clerk.get(reverse("desk:work")))

    stuck.delete()

    assert "should have gone out" not in text(clerk.get(reverse("desk:work")))


def test_the_navigation_counts_what_the_work_list_shows(
    clerk: Client, signed_in: SignIn, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    told(harbor, patient)
    told(harbor, patient, version=1, state=Message.State.FAILED)
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY)
    page = clerk.get(reverse("desk:work"))
    found = counts(harbor)

    assert found.work == page.context["work"].open_count == 4
    assert (found.calls, found.failed, found.here, found.decide) == (2, 1, None, None)
    assert "Work list 4 to do" in text(page)
    assert "Calls 2 to make" in text(page)
    assert "Messages 1 failed" in text(page)
    assert "Work list 4 to do" in text(clerk.get(reverse("desk:patients"))), "wherever one is"


def test_the_worker_counts_what_takes_a_reading_of_whole_days_and_pages_only_read_it(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY)
    new = make_patient(harbor.site, consented=True)
    book(harbor, new)
    waits = waiting(harbor)
    assert (waits["ends"], waits["rides"]) == (1, 1)
    assert counts(harbor).work == sum(waits.values()) - 1, "the worker has not looked yet"
    doctor = harbor.doctor.user
    assert isinstance(doctor, User)
    decide = counts_for(doctor, clock.now()).decide
    assert decide is not None

    tasks.count_what_waits()

    assert counts(harbor).work == sum(waits.values())
    assert counts_for(doctor, clock.now()).decide == decide + 1, "somebody waits for a clearance"
    kept = KeptCount.objects.count()
    tasks.count_what_waits()
    assert KeptCount.objects.count() == kept, "the next look takes the place of the last"
    monkeypatch.setattr(slow_counts, "without_cover_of", None)
    assert "to do" in text(clerk.get(reverse("desk:patients"))), "a page looks at no whole day"
    with pytest.raises(TypeError):
        tasks.count_what_waits()


def test_of_two_looks_the_later_one_counts(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY)
    tasks.count_what_waits()
    with_row = counts(harbor).work
    assert with_row is not None
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY + timedelta(days=90))
    with clock.at_moment(NOW + timedelta(seconds=5)):
        clerk.get(reverse("desk:work"))
        assert counts(harbor).work == with_row - 1, "the list was opened after the worker had looked"
    Consent.objects.filter(patient=patient).update(valid_until=FIRST_DAY)
    with clock.at_moment(NOW + timedelta(seconds=20)):
        tasks.count_what_waits()
        assert counts(harbor).work == with_row, "and the worker after the list"


def test_the_question_is_put_together_anew_before_the_clock_has_gone_far(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    told(harbor, patient, state=Message.State.FAILED)
    before = counts(harbor)
    assert before.work is not None
    told(harbor, patient, version=1, call_after=NOW + timedelta(seconds=30))
    soon = NOW + timedelta(seconds=40)
    with clock.at_moment(soon):
        assert counts(harbor).work == before.work, "due by the clock alone, it may be a minute behind"
        clerk.get(reverse("desk:work"))
        assert counts(harbor).work == before.work + 1, "never behind on the list itself"
        Message.objects.all().delete()
        assert counts(harbor).work == before.work - 1, "and what is done is gone at once"
    with clock.at_moment(NOW + SAME):
        assert counts(harbor).calls == 0


def test_whoever_cannot_sign_in_is_not_counted_for(harbor: Clinic) -> None:
    clerk = harbor.clerk.user
    assert isinstance(clerk, User)
    tasks.count_what_waits()
    assert KeptCount.objects.filter(user=clerk).exists()
    KeptCount.objects.all().delete()
    User.objects.filter(pk=clerk.pk).update(is_active=False)

    tasks.count_what_waits()

    assert not KeptCount.objects.filter(user=clerk).exists()


def test_the_worker_asks_as_often_for_many_users_of_a_site_as_for_one(harbor: Clinic) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            tasks.count_what_waits()
        return len(captured)

    few = queries()
    for number in range(3):
        make_staff(harbor.site, f"Clerk {number}", Role.FRONT_DESK)

    assert queries() == few


def test_the_navigation_asks_as_often_for_many_rows_as_for_few(harbor: Clinic) -> None:
    def queries() -> int:
        user = harbor.doctor.user
        assert isinstance(user, User)
        with CaptureQueriesContext(connection) as captured:
            counts_for(user, clock.now())
        return len(captured)

    assert queries() <= 6, "put together"
    few = queries()
    for number in range(6):
        someone = make_patient(harbor.site, cleared=True)
        book(harbor, someone)
        told(harbor, someone, version=number)

    assert queries() == few == 1


def test_home_asks_as_often_for_three_hundred_visits_as_for_ten(clerk: Client, harbor: Clinic) -> None:
    def queries() -> int:
        clerk.get(reverse("desk:work"))
        with CaptureQueriesContext(connection) as captured:
            page = clerk.get(reverse("desk:work"))
        assert page.status_code == 200
        return len(captured)

    def crowd(people: int) -> None:
        """Each with a visit tomorrow that nobody drives home from, a call, a consent that ends too early, and a
        contact's number that is somebody else's.
        """
        for number in range(people):
            someone = make_patient(harbor.site, cleared=True)
            (visit,) = make_visits(harbor, someone, (FIRST_DAY,), hour=8 + number % 9)
            told(harbor, someone, appointment=visit, kind=Message.Kind.PREPARE)
            make_driver(someone, "Ben Quill", phone="+15185550188", stopped_at=NOW)

    crowd(10)
    few = queries()
    crowd(290)

    assert queries() == few
    assert waiting(harbor) == {"rides": 300, "calls": 300, "ends": 300, "contacts": 300}


def test_home_asks_as_often_for_five_sites_as_for_one_and_says_of_each_what_is_so(
    clerk: Client, harbor: Clinic
) -> None:
    def shown() -> tuple[int, list[tuple[Site, list[Stranded]]]]:
        with CaptureQueriesContext(connection) as captured:
            page = clerk.get(reverse("desk:work"))
        assert page.status_code == 200
        return len(captured), page.context["work"].uncovered

    closed_for_six(harbor)
    shown()  # what is asked once in a while is asked
    few, one = shown()
    others = [make_clinic(name=name, time_zone=zone) for name, zone in ELSEWHERE.items()]
    for number, other in enumerate(others):
        other.site.staff.add(harbor.clerk)
        closed_for_six(other, number)
    shown()
    many, five = shown()

    assert many == few
    assert dict(five)[harbor.site] == dict(one)[harbor.site]
    sites = [harbor.site, *(other.site for other in others)]
    alone = {site: without_cover(site, clock.now()) for site in sites}
    assert dict(five) == {site: found for site, found in alone.items() if found}
    assert [len(alone[site]) for site in sites] == [7, 6, 7, 6, 7]


#: Sites on other clocks: a day is a local one at each.
ELSEWHERE = {
    "Mesa": "America/Phoenix",
    "Pier": "America/Los_Angeles",
    "Dunes": "America/Chicago",
    "Kona": "Pacific/Honolulu",
}


def closed_for_six(clinic: Clinic, number: int = 1) -> None:
    """A site with a course of six and, where `number` is odd, a plan kept, and closed from its first day on."""
    book(clinic, make_patient(clinic.site, cleared=True))
    if number % 2:
        keep(clinic, make_patient(clinic.site, cleared=True))
    begin = clock.day_bounds(FIRST_DAY, clinic.site.zone)[0]
    Closure.objects.create(site=clinic.site, starts=begin, ends=begin + timedelta(days=60))
