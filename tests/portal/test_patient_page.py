"""The patient's page: what it shows, and naming who drives through its form."""

from datetime import date, timedelta

import pytest
from django.test import Client
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from clinic import clock
from patients.models import Contact, Patient
from scheduling.models import Appointment, NewTime, ProtocolText, Ride, Series
from tests import factories
from tests.portal.conftest import DAYS, make_driver, make_visits

S = Ride.Status


def driver_form(visits: list[Appointment], **fields: str) -> dict[str, object]:
    """What the form sends for a new person who is fine."""
    values: dict[str, object] = {
        "companion": "new",
        "name": "Eve Moss",
        "phone": "518-555-0177",
        "is_adult": "on",
        "visits": [str(visit.pk) for visit in visits],
    }
    return values | fields


def text(client: Client, path: str = "/my/") -> str:
    """The page as text."""
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_when_where_and_how_to_prepare(at_ada: Client, visits: list[Appointment]) -> None:
    page = text(at_ada)

    for words in (
        "Hello Ada",
        "Monday, April 12, 2027",
        "9 a.m.",
        "EDT",
        "About 10:55 a.m.",
        "Harbor Day Center",
        "12 Quay Street",
        "<li>Nothing to eat after 3 a.m.</li>",
        "Clear fluids such as water are fine until 7 a.m., then nothing to drink.",
        "Eat nothing before you come.",
        "Friday, April 16, 2027",
        "(518) 555-0100",
        "Nobody is named to drive you home yet.",
    ):
        assert words in page


def test_the_page_says_nothing_clinical(
    at_ada: Client, clinic: factories.Clinic, ada: Patient, visits: list[Appointment]
) -> None:
    page = (text(at_ada) + text(at_ada, "/my/driver/")).casefold()

    for word in ("ketamine", "infusion", "booster", "protocol", "chair", "nurse", "clearance", "series", "treatment"):
        assert word not in page
    assert ada.family_name.casefold() not in page
    assert clinic.induction.protocol.name.casefold() not in page


def test_a_fast_that_starts_the_evening_before_names_the_day(
    at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]
) -> None:
    clinic.induction.fasting_food_hours = 10
    clinic.induction.save()

    assert "Nothing to eat after 11 p.m. on Sunday, April 11, 2027." in text(at_ada)


def test_times_are_those_of_the_site(client: Client, ada: Patient, at_ada: Client) -> None:
    phoenix = factories.make_clinic(name="Mesa", time_zone="America/Phoenix")
    make_visits(phoenix, ada, (date(2027, 4, 20),), hour=14)

    page = text(at_ada)

    assert "2 p.m." in page
    assert "MST" in page
    assert "Mesa Day Center" in page


def test_a_date_that_is_only_held_is_not_called_booked(at_ada: Client, clinic: factories.Clinic, ada: Patient) -> None:
    (visit,) = make_visits(clinic, ada, DAYS[:1], status=Appointment.Status.PROPOSED)
    assert visit.series is not None
    visit.series.held_until = factories.NOW + timedelta(days=3)
    visit.series.save()

    assert "kept for you until Thursday, April 8, 2027 and is not confirmed" in text(at_ada)


def test_a_past_or_cancelled_visit_is_not_shown(at_ada: Client, visits: list[Appointment]) -> None:
    Appointment.objects.filter(pk=visits[1].pk).update(status="cancelled", ending="cancelled", counts=False)

    with clock.at_moment(visits[0].ends):
        page = text(at_ada)

    assert "April 12" not in page
    assert "April 14" not in page
    assert "April 16" in page


def test_the_calendar_file_has_every_date_and_little_else(
    at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]
) -> None:
    response = at_ada.get("/my/dates.ics")

    calendar = Calendar.from_ical(response.content)
    # RFC 5545, 3.7.2: the type of the file names its METHOD.
    assert response["Content-Type"] == f"text/calendar; method={calendar['METHOD']}; charset=utf-8"
    starts = {str(event["UID"]): event.decoded("DTSTART") for event in calendar.walk("VEVENT")}
    assert starts == {str(visit.pk): visit.starts for visit in visits}
    assert clinic.induction.protocol.name not in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_without_a_visit_the_page_says_what_to_do(at_ada: Client) -> None:
    page = text(at_ada)

    assert "No visit is booked" in page
    assert "Call us" in page


def test_the_preparation_comes_in_the_language_of_the_patient(
    at_ada: Client, ada: Patient, visits: list[Appointment]
) -> None:
    at_ada.post("/my/language/", {"language": "es"})

    assert "No coma nada antes de venir." in text(at_ada)
    ProtocolText.objects.filter(language="es").delete()
    assert "Eat nothing before you come." in text(at_ada), "better in English than not at all"


def test_a_new_person_named_for_all_dates_drives_after_all(at_ada: Client, visits: list[Appointment]) -> None:
    assert "Nobody is named" in text(at_ada)

    response = at_ada.post("/my/driver/", driver_form(visits), follow=True)

    page = response.content.decode()
    assert "Eve Moss is named to drive you home" in page
    assert "Nobody is named" not in page
    assert set(Ride.objects.values_list("status", flat=True)) == {S.NAMED}


def test_one_date_only(at_ada: Client, visits: list[Appointment]) -> None:
    at_ada.post("/my/driver/", driver_form(visits[:1], agreed="on"))

    assert [ride.status for ride in Ride.objects.order_by("appointment__starts")] == [S.CONFIRMED, S.NEEDED, S.NEEDED]


def test_a_saved_person_is_offered_and_chosen(at_ada: Client, ben: Contact, visits: list[Appointment]) -> None:
    assert "Ben Quill" in text(at_ada, "/my/driver/")

    at_ada.post("/my/driver/", {"companion": str(ben.pk), "visits": [str(visit.pk) for visit in visits]})

    assert set(Ride.objects.values_list("companion", "status")) == {(ben.pk, S.NAMED)}


def test_the_form_ticks_what_is_undecided_or_the_date_asked_for(
    at_ada: Client, ben: Contact, visits: list[Appointment]
) -> None:
    Ride.objects.filter(appointment=visits[0]).update(status=S.NAMED, companion=ben)

    def ticked(path: str) -> set[str]:
        form = at_ada.get(path).context["form"]
        return set(form.initial["visits"])

    assert ticked("/my/driver/") == {str(visits[1].pk), str(visits[2].pk)}
    assert ticked(f"/my/driver/?visit={visits[0].pk}") == {str(visits[0].pk)}
    assert ticked("/my/driver/?visit=nonsense") == {str(visits[1].pk), str(visits[2].pk)}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Write the name"),
        ({"phone": ""}, "telephone number or an email address"),
        ({"phone": "12"}, "is not a telephone number"),
        ({"phone": "", "email": "eve at home"}, "not an email address"),
        ({"is_adult": ""}, "18 or older"),
        ({"name": "taxi"}, "A taxi alone is no ride home"),
        ({"visits": []}, "Tick at least one visit"),
        ({"companion": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    at_ada: Client, visits: list[Appointment], fields: dict[str, str], words: str
) -> None:
    response = at_ada.post("/my/driver/", driver_form(visits) | {"email": ""} | fields)

    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "what you typed is kept" in page
    assert ("Eve Moss" in page) == ("name" not in fields)
    assert set(Ride.objects.values_list("status", flat=True)) == {S.NEEDED}


def test_a_form_about_another_patients_visit_is_refused(
    at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]
) -> None:
    theirs = make_visits(clinic, factories.make_patient(clinic.site), DAYS[:1], hour=12)

    response = at_ada.post("/my/driver/", driver_form(theirs))

    assert response.status_code == 422
    assert set(Ride.objects.values_list("status", flat=True)) == {S.NEEDED}


def test_another_patients_contact_cannot_be_chosen(
    at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]
) -> None:
    theirs = make_driver(factories.make_patient(clinic.site), "Fay Hill", phone="+15185550133")

    response = at_ada.post("/my/driver/", driver_form(visits, companion=str(theirs.pk)))

    assert response.status_code == 422
    assert "Fay Hill" not in response.content.decode()


def test_a_cross_site_post_is_refused(ada: Patient, at_ada: Client, visits: list[Appointment]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = at_ada.cookies

    assert strict.post("/my/driver/", driver_form(visits)).status_code == 403
    assert set(Ride.objects.values_list("status", flat=True)) == {S.NEEDED}


def test_a_visit_cancelled_while_the_form_was_open_is_refused(at_ada: Client, visits: list[Appointment]) -> None:
    form = driver_form(visits)
    Appointment.objects.filter(pk=visits[0].pk).update(status="cancelled", ending="cancelled", counts=False)

    response = at_ada.post("/my/driver/", form)

    assert response.status_code == 422
    assert set(Ride.objects.values_list("status", flat=True)) == {S.NEEDED}


def test_the_patient_says_that_the_driver_agreed(at_ada: Client, ben: Contact, visits: list[Appointment]) -> None:
    at_ada.post("/my/driver/", {"companion": str(ben.pk), "visits": [str(visit.pk) for visit in visits]})
    assert "Ben Quill has told me yes" in text(at_ada)

    for _twice in range(2):
        response = at_ada.post(f"/my/drivers/{ben.pk}/agreed/", follow=True)

    assert "Ben Quill drives you home" in response.content.decode()
    assert set(Ride.objects.values_list("status", flat=True)) == {S.CONFIRMED}


def test_a_waived_ride_is_not_asked_for(at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]) -> None:
    Ride.objects.update(status=S.WAIVED, waived_by=clinic.doctor, waiver_reason="Stays overnight")

    page = text(at_ada)

    assert "Nobody has to drive you home" in page
    assert "Stays overnight" not in page
    assert "None of your visits to come needs" in text(at_ada, "/my/driver/")


def test_the_number_of_queries_does_not_grow_with_the_visits(
    at_ada: Client, clinic: factories.Clinic, ada: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_visits(clinic, ada, DAYS[:1])
    with django_assert_num_queries(9):
        at_ada.get("/my/")
    make_visits(clinic, ada, tuple(DAYS[0] + timedelta(days=number) for number in range(7, 12)))
    with django_assert_num_queries(9):
        at_ada.get("/my/")


def test_while_a_doctor_holds_the_dates_the_page_says_so_and_prepares_for_none(
    at_ada: Client, visits: list[Appointment]
) -> None:
    ahead = text(at_ada)
    assert "How to prepare" in ahead
    assert "Please call us before you come" not in ahead, "the control: as long as they are booked"
    Series.objects.update(status=Series.Status.ON_HOLD)
    Appointment.objects.update(status=Appointment.Status.PROPOSED)

    page = text(at_ada)

    assert "Please call us before you come" in page
    assert "Your dates stay reserved for you; please do not come on them until you have spoken." in page
    assert page.count("Reserved for you, but please do not come yet") == len(visits)
    for untrue in ("Your next visit", "How to prepare", "Nothing to eat", "No visit is booked"):
        assert untrue not in page


def test_new_times_are_asked_about_soonest_first(at_ada: Client, visits: list[Appointment]) -> None:
    for number, visit in enumerate(reversed(visits)):
        asked_at = clock.now() + timedelta(seconds=number)
        NewTime.objects.create(appointment=visit, version=visit.version, asked_at=asked_at)

    asked = text(at_ada).split("If one does not suit")[0]

    places = [asked.index(day) for day in ("Monday, April 12", "Wednesday, April 14", "Friday, April 16")]
    assert places == sorted(places)
