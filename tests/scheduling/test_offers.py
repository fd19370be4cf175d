"""Plans kept for a while: their time is held, becomes a series with a yes, and lapses by itself."""

from datetime import timedelta
from uuid import uuid4

import pytest

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused, WrongStatus
from clinic.permissions import Role
from scheduling import wishes as wishes_json
from scheduling.actions import offers
from scheduling.models import Appointment, Hold, Message, Offer, Series
from tests.factories import FIRST_DAY, NOW, make_clinic, make_patient
from tests.scheduling.helpers import MORNINGS, best_starts, book, keep, visits_of

pytestmark = pytest.mark.django_db
PROGRAM = Actor.system("release_lapsed")


def test_a_kept_plan_holds_its_time_against_others() -> None:
    clinic = make_clinic(chairs=1)
    offer = keep(clinic, make_patient(clinic.site, cleared=True))
    assert offer.expires_at == min(NOW + timedelta(hours=24), offers.order_of(offer).starts[0])
    assert set(Hold.objects.values_list("offer", flat=True)) == {offer.pk}
    other = make_patient(clinic.site, cleared=True)
    with pytest.raises(JustTaken):
        book(clinic, other, list(offers.order_of(offer).starts))
    assert not Appointment.objects.exists()


def test_a_yes_turns_the_kept_plan_into_a_series_with_the_same_time() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    offer = keep(clinic, patient)
    held = set(Hold.objects.values_list("resource", "start_cell", "end_cell", "first_unit", "end_unit"))
    key = uuid4()
    series = offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=key)
    assert offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=key) == series
    assert series.status == Series.Status.ACTIVE
    assert set(Hold.objects.values_list("resource", "start_cell", "end_cell", "first_unit", "end_unit")) == held
    assert not Hold.objects.filter(offer__isnull=False).exists()
    for visit in visits_of(series):
        cells = Hold.objects.filter(appointment=visit).values_list("start_cell", flat=True)
        assert {clock.local(clock.of_cell(cell), clinic.site.zone).date() for cell in cells} == {
            clock.local(visit.starts, clinic.site.zone).date()
        }
    assert "first_possible_day" in {reason["code"] for reason in visits_of(series)[0].plan_reasons}
    offer.refresh_from_db()
    assert offer.status == Offer.Status.ACCEPTED


def test_an_accepted_plan_of_an_uncleared_patient_is_held() -> None:
    clinic = make_clinic()
    offer = keep(clinic, make_patient(clinic.site))
    series = offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())
    assert series.status == Series.Status.DRAFT
    assert set(Hold.objects.values_list("expires_at", flat=True)) == {series.held_until}


def test_an_expired_offer_cannot_be_accepted_and_nothing_is_lost() -> None:
    clinic = make_clinic()
    offer = keep(clinic, make_patient(clinic.site, cleared=True), hours=1)
    with clock.at_moment(NOW + timedelta(hours=1)):
        with pytest.raises(Refused, match="lapsed"):
            offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())
        assert offers.release_lapsed(by=PROGRAM) == 1
        with pytest.raises(Refused, match="lapsed"):
            offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())
    offer.refresh_from_db()
    assert offer.status == Offer.Status.EXPIRED
    assert wishes_json.from_json(offer.wishes) == MORNINGS
    assert len(offers.order_of(offer).starts) == 6
    assert not Series.objects.exists()


def test_a_lapsed_offer_is_free_before_anything_has_tidied_up() -> None:
    clinic = make_clinic(chairs=1)
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)
    keep(clinic, make_patient(clinic.site, cleared=True), hours=1)
    with clock.at_moment(NOW + timedelta(hours=1)):
        assert best_starts(clinic, patient) == starts
        assert book(clinic, patient, starts).status == Series.Status.ACTIVE


def test_a_declined_offer_frees_its_time_at_once() -> None:
    clinic = make_clinic()
    offer = keep(clinic, make_patient(clinic.site, cleared=True))
    for _ in range(2):
        declined = offers.decline_offer(by=clinic.by(Role.FRONT_DESK), offer=offer)
    assert declined.status == Offer.Status.DECLINED
    assert not Hold.objects.exists()
    with pytest.raises(WrongStatus):
        offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())


def test_the_same_key_keeps_one_plan() -> None:
    clinic = make_clinic()
    patient, key = make_patient(clinic.site, cleared=True), uuid4()
    starts = best_starts(clinic, patient)
    kept = [keep(clinic, patient, starts, hours=4, key=key) for _ in range(2)]
    assert kept[0] == kept[1]
    assert Offer.objects.count() == 1


@pytest.mark.parametrize("hours", [0, -3, 1000])
def test_a_plan_cannot_be_kept_for_any_time_one_likes(hours: int) -> None:
    clinic = make_clinic()
    with pytest.raises(Refused, match="1 to 168 hours"):
        keep(clinic, make_patient(clinic.site, cleared=True), hours=hours)


def test_a_patient_booked_elsewhere_meanwhile_cannot_accept() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    offer = keep(clinic, patient)
    book(clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    with pytest.raises(Refused, match=r"already has a visit|too near"):
        offers.accept_offer(by=clinic.by(Role.FRONT_DESK), offer=offer, key=uuid4())
    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN


def test_what_lapsed_is_released_and_the_patient_told_once() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site))
    keep(clinic, make_patient(clinic.site, cleared=True), hours=2)
    assert offers.release_lapsed(by=PROGRAM) == 0
    with clock.at_moment(NOW + timedelta(days=8)):
        assert offers.release_lapsed(by=PROGRAM) == 2
        assert offers.release_lapsed(by=PROGRAM) == 0
    series.refresh_from_db()
    assert series.status == Series.Status.REVOKED
    assert series.end_reason == "No doctor's clearance came in time."
    assert {visit.status for visit in visits_of(series)} == {Appointment.Status.CANCELLED}
    assert not Hold.objects.exists()
    assert Message.objects.filter(series=series, kind=Message.Kind.RELEASED).count() == 1
