"""The earlier-time list: who is on it, who fits a free time, and what frees time."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Shift
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import earlier, moving, offers
from scheduling.models import Appointment, EarlierWish
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import Looking, chances_of
from scheduling.selectors.neighbours import neighbours_of, neighbours_of_all
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.earlier_list import (
    LATE,
    SOONER,
    closed_but_for,
    days_of,
    filled,
    injection,
    offer,
    wish,
)
from tests.scheduling.helpers import book, consult, visits_of, wall

pytestmark = pytest.mark.django_db


# -- the list ----------------------------------------------------------------------------------------------------------


def test_a_visit_is_on_the_list_once_and_asking_again_changes_the_hours() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit)
    again = wish(clinic, visit, Wishes(patient_can={0: ((540, 720),)}), not_before=SOONER, note="Works Tuesdays.")
    assert EarlierWish.objects.get() == again
    assert (again.not_before, again.note, again.hours["patient_can"]) == (
        SOONER,
        "Works Tuesdays.",
        {"0": [[540, 720]]},
    )


def test_only_a_booked_visit_to_come_goes_on_the_list() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    with pytest.raises(Refused, match="on that day or before it already"):
        wish(clinic, visit, not_before=LATE)
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="Ill.", version=visit.version)
    with pytest.raises(Refused, match="Only a booked visit"):
        wish(clinic, visit)


def test_a_cancelled_visit_leaves_the_list_by_itself() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit)
    assert days_of(clinic)
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="Ill.", version=visit.version)
    assert days_of(clinic) == []


# -- who fits ----------------------------------------------------------------------------------------------------------


def test_only_days_with_legal_gaps_are_offered_for_a_visit_of_a_series() -> None:
    clinic = make_clinic()
    visits = visits_of(book(clinic, make_patient(clinic.site, cleared=True)))
    wish(clinic, visits[3])
    before, mine, after = (wall(visits[number])[0] for number in (2, 3, 4))
    found = days_of(clinic)
    assert found == [
        day
        for day in (before + timedelta(days=number) for number in range(2, (mine - before).days))
        if day.weekday() < 5 and (after - day).days <= clinic.induction.max_gap_days
    ]


def test_the_hours_of_the_patient_and_the_driver_are_kept() -> None:
    clinic = make_clinic()
    hours = Wishes(patient_can={2: ((13 * 60, 18 * 60),)}, driver_can={2: ((15 * 60, 16 * 60),)})
    wish(clinic, injection(clinic), hours)
    for chance in Looking(clinic.site, NOW).chances():
        local = clock.local(chance.starts, clinic.site.zone), clock.local(chance.ends, clinic.site.zone)
        assert local[0].weekday() == 2
        assert local[0].hour >= 13
        assert 15 * 60 <= local[1].hour * 60 + local[1].minute <= 16 * 60


def test_nobody_is_asked_for_a_time_at_which_they_are_at_another_visit() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit, Wishes(patient_can={SOONER.weekday(): ((9 * 60, 11 * 60),)}), not_before=SOONER)
    assert SOONER in days_of(clinic)
    consult(clinic, visit.patient, clinic.at(SOONER, 9, 45))
    assert SOONER not in days_of(clinic)


def test_who_fits_best_comes_first_with_reasons_in_words() -> None:
    clinic = make_clinic()
    soon, far = injection(clinic, date(2027, 4, 19)), injection(clinic, LATE, hour=11)
    wish(clinic, soon)
    wish(clinic, far)
    (chance,) = Looking(clinic.site, NOW).at(clinic.at(SOONER, 9))
    assert [fit.visit for fit in chance.fits] == [far, soon]
    assert chance.fits[0].why == ("14 days sooner than Wednesday, April 28, 2027", "on the list since today")
    with clock.at_moment(NOW + timedelta(days=1)):
        wish(clinic, injection(clinic, LATE, hour=13))
        (chance,) = Looking(clinic.site, clock.now()).at(clinic.at(SOONER, 9))
    assert chance.fits[0].visit == far, "of equals, who has waited longer"


def test_the_gaps_of_many_visits_are_those_of_each() -> None:
    clinic = make_clinic()
    visits = [visit for _ in range(2) for visit in visits_of(book(clinic, make_patient(clinic.site, cleared=True)))] + [
        injection(clinic)
    ]
    visits.append(consult(clinic, visits[0].patient, clinic.at(LATE, 15)))
    many = neighbours_of_all(visits)
    assert {visit.pk: neighbours_of(visit) for visit in visits} == many
    assert len(set(many.values())) > 6


def test_however_many_are_on_the_list_the_queries_are_the_same() -> None:
    clinic = make_clinic(chairs=12, nurses=6)
    counts = []
    for number in (3, 12):
        while EarlierWish.objects.count() < number:
            wish(clinic, injection(clinic, LATE, hour=8 + EarlierWish.objects.count() % 9))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert chances_of(clinic.clerk.user, NOW)  # type: ignore[arg-type]
        counts.append(len(queries))
    assert counts[0] == counts[1]


# -- what frees time ---------------------------------------------------------------------------------------------------


@pytest.fixture
def one_chair() -> tuple[Clinic, list[Appointment], EarlierWish]:
    """One chair, the next Wednesday full, and somebody who could only come then."""
    clinic = make_clinic(chairs=1)
    visits = filled(clinic, SOONER)
    someone = wish(clinic, injection(clinic, date(2027, 4, 20)), closed_but_for(clinic, SOONER), not_before=SOONER)
    assert days_of(clinic) == []
    return clinic, visits, someone


Full = tuple[Clinic, list[Appointment], EarlierWish]


def test_a_cancelled_visit_makes_a_chance(one_chair: Full) -> None:
    clinic, visits, someone = one_chair
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[2], reason="Ill.", version=0)
    (chance,) = Looking(clinic.site, NOW).chances()
    assert (chance.starts, [fit.wish for fit in chance.fits]) == (visits[2].starts, [someone])


def test_a_moved_visit_makes_a_chance_of_its_old_time(one_chair: Full) -> None:
    clinic, visits, _ = one_chair
    moving.move_visit(
        by=clinic.by(Role.FRONT_DESK),
        appointment=visits[2],
        starts=clinic.at(date(2027, 4, 15), 9),
        reason="Asked.",
        version=0,
    )
    assert days_of(clinic) == [SOONER]


def test_a_new_shift_makes_a_chance(one_chair: Full) -> None:
    clinic, _, someone = one_chair
    thursday = date(2027, 4, 15)
    Shift.objects.filter(weekday=thursday.weekday()).delete()
    earlier.wish_sooner(
        by=clinic.by(Role.FRONT_DESK), appointment=someone.appointment, hours=closed_but_for(clinic, thursday)
    )
    assert days_of(clinic) == []
    for member in (*clinic.nurses, clinic.doctor):
        Shift.objects.create(
            staff_member=member,
            site=clinic.site,
            weekday=thursday.weekday(),
            starts="08:00",
            ends="18:00",
            valid_from=date(2020, 1, 1),
        )
    assert thursday in days_of(clinic)


def test_a_lapsed_offer_makes_a_chance_for_others(one_chair: Full) -> None:
    clinic, visits, someone = one_chair
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[2], reason="Ill.", version=0)
    other = wish(clinic, injection(clinic, date(2027, 4, 21), hour=12), closed_but_for(clinic, SOONER))
    made = offer(clinic, visits[2].starts, [someone])
    assert SOONER not in days_of(clinic), "the time is held"
    with clock.at_moment(made.expires_at):
        assert offers.release_lapsed(by=Actor.system("beat")) == 1
        chance = next(one for one in Looking(clinic.site, clock.now()).chances() if one.starts == visits[2].starts)
    assert [fit.wish for fit in chance.fits] == [other], "who let it lapse is not asked about that day again"


def test_a_patient_who_died_is_on_no_list() -> None:
    clinic = make_clinic()
    someone = wish(clinic, injection(clinic))
    Patient.objects.filter(pk=someone.patient_id).update(deceased_at=NOW)
    assert days_of(clinic) == []
