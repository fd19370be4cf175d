"""What is booked on the telephone: who called is on the trail; going over paid sessions is said before, and allowed."""

from datetime import date
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent
from patients.models import Authorisation, Contact, Patient
from scheduling.models import Appointment, Offer
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import FIRST_DAY, NOW, Clinic
from tests.portal.conftest import make_driver
from tests.scheduling.earlier_list import LATE, SOONER, offer
from tests.scheduling.helpers import book, visits_of


@pytest.fixture
def mother(patient: Patient) -> Contact:
    """May decide for the patient."""
    return make_driver(patient, "Vera Quill", may_decide=True)


def callers(table: str) -> set[str]:
    """Who is named on the trail as having called, in the rows of a table that were added."""
    return set(AuditEvent.objects.filter(table=table, operation="insert").values_list("caller_name", flat=True))


def best(clerk: Client, harbor: Clinic, patient: Patient, **changes: str) -> str:
    """The best plan's starts, as the page carries them."""
    return values(clerk.get(series_url(patient), wishes(harbor) | changes), "starts")[0]


def test_a_series_booked_by_phone_names_the_caller(
    clerk: Client, harbor: Clinic, patient: Patient, mother: Contact
) -> None:
    page = clerk.get(series_url(patient), wishes(harbor, caller=str(mother.pk)))
    assert values(page, "caller"), "each plan carries who called"
    clerk.post(series_url(patient), order(harbor, values(page, "starts")[0], caller=str(mother.pk)))
    assert Appointment.objects.count() == 6
    assert callers("scheduling_appointment") == {"Vera Quill"}


def test_who_may_not_decide_does_not_book_and_nothing_typed_is_lost(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    ben = make_driver(patient, "Ben Quill", may_decide=False)
    starts = best(clerk, harbor, patient)
    page = clerk.post(series_url(patient), order(harbor, starts, caller=str(ben.pk)))
    assert page.status_code == 422
    assert "Ben Quill may not decide" in text(page)
    assert 'value="10:55"' in page.content.decode()
    assert not Appointment.objects.exists()


def test_nobody_called_stays_possible(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    clerk.post(series_url(patient), order(harbor, best(clerk, harbor, patient)))
    assert callers("scheduling_appointment") == {""}


def test_a_kept_plan_is_booked_at_the_word_of_who_calls_back(
    clerk: Client, harbor: Clinic, patient: Patient, mother: Contact
) -> None:
    clerk.post(series_url(patient), order(harbor, best(clerk, harbor, patient), caller="patient", do="keep"))
    offer = Offer.objects.get()
    assert callers("scheduling_offer") == {patient.name}
    clerk.post(reverse("desk:offer", args=[offer.pk]), {"key": str(uuid4()), "caller": str(mother.pk)})
    assert callers("scheduling_appointment") == {"Vera Quill"}


@pytest.mark.parametrize("kind", ["single", "consult"])
def test_one_visit_booked_by_phone_names_the_caller(
    clerk: Client, harbor: Clinic, patient: Patient, mother: Contact, kind: str
) -> None:
    url = reverse(f"desk:book_{kind}", args=[patient.pk])
    form = {"first_day": "2027-04-06", "mode": "in_person", "site": str(harbor.site.pk), "caller": str(mother.pk)}
    form |= {"what": f"infusion:{harbor.injection.protocol_id}", "protocol": str(harbor.consult.protocol_id)}
    starts = values(clerk.get(url, form), "starts")[0]
    clerk.post(url, form | {"starts": starts, "key": str(uuid4())})
    assert callers("scheduling_appointment") == {"Vera Quill"}


def paid(patient: Patient, sessions: int, until: date | None = None) -> None:
    Authorisation.objects.create(
        patient=patient, sessions=sessions, valid_from=FIRST_DAY, valid_until=until, created_at=NOW
    )


def test_a_plan_that_goes_over_what_is_paid_says_which_dates_and_is_booked_all_the_same(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    paid(patient, 4)
    page = clerk.get(series_url(patient), wishes(harbor))
    assert "2 of 6 go over what is paid or authorized" in text(page)
    clerk.post(series_url(patient), order(harbor, values(page, "starts")[0]))
    assert Appointment.objects.count() == 6


@pytest.mark.parametrize("sessions", [0, 6])
def test_nothing_is_said_where_enough_is_paid_or_nothing_is_known(
    clerk: Client, harbor: Clinic, patient: Patient, sessions: int
) -> None:
    if sessions:
        paid(patient, sessions)
    assert "over what is paid" not in text(clerk.get(series_url(patient), wishes(harbor)))


def test_one_visit_says_from_which_day_on_it_goes_over(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    paid(patient, 1, until=date(2027, 4, 8))
    url = reverse("desk:book_single", args=[patient.pk])
    form = {"what": f"infusion:{harbor.injection.protocol_id}", "first_day": "2027-04-06", "mode": "in_person"}
    assert "From Friday, April 9 on no paid or authorized session is left" in text(clerk.get(url, form))
    later = text(clerk.get(url, form | {"first_day": "2027-04-12"}))
    assert "No paid or authorized session is left for these days" in later
    consult = form | {"what": f"consult:{harbor.consult.protocol_id}"}
    assert "authorized" not in text(clerk.get(url, consult))


def test_the_earlier_time_list_names_who_called_and_who_said_yes(
    clerk: Client, harbor: Clinic, patient: Patient, mother: Contact
) -> None:
    visit = visits_of(book(harbor, patient, [harbor.at(LATE, 9)], version=harbor.injection))[0]
    clerk.post(reverse("desk:earlier_wish", args=[visit.pk]), {"caller": str(mother.pk)})
    assert callers("scheduling_earlierwish") == {"Vera Quill"}
    made = offer(harbor, harbor.at(SOONER, 9), [visit.earlier_wishes.get()])
    page = clerk.get(reverse("desk:earlier_offer", args=[made.pk])).content.decode()
    assert 'Who answers<span class="visually-hidden"> for Ada Quill</span>' in page
    answer = {"answer": "yes", "caller": str(mother.pk)}
    clerk.post(reverse("desk:earlier_answer", args=[made.invitations.get().pk]), answer)
    visit.refresh_from_db()
    assert visit.starts == harbor.at(SOONER, 9)
    moved = AuditEvent.objects.filter(table="scheduling_appointment", operation="update", row=str(visit.pk))
    assert set(moved.values_list("caller_name", flat=True)) == {"Vera Quill"}
