"""Wishes and reasons survive JSON, refusals and reasons are sentences, and a status moves only along its table."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic import clock
from clinic.errors import Stale, WrongStatus
from scheduling import status, wishes
from scheduling.models import Appointment
from scheduling.planner.values import Reason, Wishes
from scheduling.selectors import planning, reasons
from scheduling.when import short_day
from tests.factories import FIRST_DAY, NOW, make_clinic, make_patient
from tests.scheduling.helpers import best_starts, book, consult, visits_of

ZONE = ZoneInfo("America/New_York")
S = Appointment.Status


def test_wishes_survive_json() -> None:
    wished = Wishes(
        patient_can={0: ((480, 720), (780, 1080)), 2: ((480, 1080),)},
        driver_can={4: ((600, 900),)},
        preferred_weekdays=frozenset({0, 2}),
        preferred_from=540,
        preferred_until=600,
        not_dates=frozenset({date(2027, 4, 9)}),
    )
    assert wishes.from_json(wishes.to_json(wished)) == wished
    assert wishes.from_json({}) == Wishes()


@pytest.mark.parametrize(
    "form",
    [
        {"patient_can": {"7": [[0, 10]]}},
        {"driver_can": {"0": [[20, 10]]}},
        {"preferred_from": 1441},
        {"not_dates": ["2027-02-30"]},
        {"preferred_weekdays": [-1]},
    ],
)
def test_damaged_wishes_are_refused(form: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"weekday|minute|stretch|day is out of range"):
        wishes.from_json(form)


def test_reasons_survive_json() -> None:
    given = [
        Reason("nearest_possible_day", {"since": date(2027, 4, 6), "days": 3, "ideal": 2.5}),
        Reason("site_closed", {"date": date(2027, 4, 8), "dates": (date(2027, 4, 8), date(2027, 4, 9))}),
    ]
    assert reasons.from_json(reasons.to_json(given)) == given


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason("first_possible_day", {"date": FIRST_DAY}), "The first possible day."),
        (
            Reason("moved_because_no_nurse_hands", {"date": date(2027, 4, 6), "from": 540, "until": 720}),
            "No nurse's hands are free between 9 a.m. and noon on Tue Apr 6.",
        ),
        (
            Reason("site_closed", {"date": date(2027, 4, 8), "dates": (date(2027, 4, 8), date(2027, 4, 9))}),
            "The clinic is closed on Thu Apr 8 and Fri Apr 9.",
        ),
        (
            Reason("hour_moved", {"minute": 600, "wanted": 540, "because": "moved_because_no_chair_whole"}),
            "10 a.m. instead of 9 a.m.: no chair is free then.",
        ),
        (
            Reason("better_nurse_load", {"date": FIRST_DAY}),
            "Possible on Tue Apr 6 too, but worse for the nurses' load.",
        ),
        (Reason("too_soon", {"date": FIRST_DAY}), "Too soon on Tue Apr 6."),
        (
            Reason("too_soon", {"date": FIRST_DAY, "dates": (date(2027, 4, 8), date(2027, 4, 6))}),
            "Too soon until Thu Apr 8.",
        ),
        (Reason("pinned", {}), "Kept as it was chosen."),
    ],
)
def test_a_reason_is_a_sentence(reason: Reason, words: str) -> None:
    assert reasons.explain(reason, ZONE) == words


@pytest.mark.django_db
def test_every_reason_of_a_real_plan_has_its_words() -> None:
    clinic = make_clinic(chairs=1)
    book(clinic, make_patient(clinic.site, cleared=True))
    patient = make_patient(clinic.site, cleared=True)
    result = planning.plan_series(
        site=clinic.site,
        version=clinic.induction,
        wishes=Wishes(preferred_from=540, preferred_until=600, preferred_weekdays=frozenset({1, 3})),
        first_day=FIRST_DAY,
        patient=patient,
        now=NOW,
    )
    said = [reasons.explain(one, ZONE) for plan in result.plans for visit in plan.visits for one in visit.reasons]
    assert said
    assert all((one.endswith(".") and one[0].isupper()) or one[0].isdigit() for one in said)
    assert not any("{" in one or "_" in one for one in said)


@pytest.mark.django_db
def test_a_refusal_says_what_would_help() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    result = planning.plan_series(
        site=clinic.site,
        version=clinic.induction,
        wishes=Wishes(patient_can={0: ((480, 1080),)}),
        first_day=FIRST_DAY,
        patient=patient,
        now=NOW,
    )
    assert result.refusal is not None
    said = reasons.explain_refusal(result.refusal, ZONE)
    assert any("the patient's hours" in one and "first visit Mon Apr 12 at 8 a.m." in one for one in said), said


@pytest.mark.django_db
def test_a_status_moves_only_along_its_table() -> None:
    clinic = make_clinic()
    visit = consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9))
    with pytest.raises(WrongStatus):
        status.move(visit, S.FULFILLED)
    status.move(visit, S.ARRIVED, reason="came early")
    with pytest.raises(WrongStatus, match="Say how the visit ended"):
        status.move(visit, S.FULFILLED)
    status.move(visit, S.FULFILLED, ending="completed", counts=True)
    visit.refresh_from_db()
    assert (visit.status, visit.ending, visit.counts) == ("fulfilled", "completed", True)
    for to in S:
        assert not status.may_move(visit, to)


@pytest.mark.django_db
def test_a_no_show_who_comes_after_all_is_reopened() -> None:
    clinic = make_clinic()
    visit = consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9))
    status.move(visit, S.NOSHOW)
    assert (visit.ending, visit.counts) == ("no_show", False)
    status.move(visit, S.ARRIVED)
    visit.refresh_from_db()
    assert (visit.status, visit.ending, visit.counts) == ("arrived", "", None)


@pytest.mark.django_db
def test_a_status_changed_by_somebody_else_is_not_overwritten() -> None:
    clinic = make_clinic()
    visit = consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9))
    Appointment.objects.filter(pk=visit.pk).update(status=S.ARRIVED)
    with pytest.raises(Stale):
        status.move(visit, S.CANCELLED)


@pytest.mark.django_db
def test_plans_shown_and_booked_agree() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)
    assert [visit.starts for visit in visits_of(book(clinic, patient, starts))] == starts


@pytest.mark.parametrize(
    ("days", "words"), [(0, "Mon Apr 5"), (-300, "Tue Jun 9"), (-301, "Mon Jun 8, 2026"), (301, "Mon Jan 31, 2028")]
)
def test_a_short_date_says_its_year_where_one_would_take_it_for_another(days: int, words: str) -> None:
    with clock.at_moment(NOW):
        assert short_day(NOW.date() + timedelta(days=days)) == words
