"""One visit by itself: booked, started on the spot, or entered after it happened."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import boosters, moving
from scheduling.actions.happened import Happened
from scheduling.actions.past_visit import enter_past_visit
from scheduling.actions.single import book_single, walk_in
from scheduling.models import Appointment, Ending, Hold, Message, Series, VisitRecord
from scheduling.planner.values import Wishes
from scheduling.selectors.singles import Single, single_slots, singles_for
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.portal.conftest import make_driver
from tests.scheduling.helpers import book, treat, visits_of

TODAY = date(2027, 4, 5)


@pytest.fixture
def harbor(db: None) -> Clinic:
    """A small clinic."""
    return make_clinic()


@pytest.fixture
def ada(harbor: Clinic) -> Patient:
    """Cleared and consented."""
    return make_patient(harbor.site, cleared=True, consented=True)


def kinds(patient: Patient, clinic: Clinic) -> dict[str, Single]:
    """What the patient could come for, by label."""
    return {one.label: one for one in singles_for(patient, clinic.site, NOW)}


def come(clinic: Clinic, patient: Patient, label: str, **changes: object) -> Appointment:
    """The patient walks in."""
    what = {"by": clinic.by(Role.FRONT_DESK), "patient": patient, "site": clinic.site, "key": uuid4()}
    return walk_in(single=kinds(patient, clinic)[label], **(what | changes))  # type: ignore[arg-type]


def send_home(clinic: Clinic) -> None:
    """No doctor and no nurse works: nothing is free."""
    for member in [clinic.doctor, *clinic.nurses]:
        member.shifts.all().delete()


def test_a_patient_is_offered_consults_and_one_visit_protocols(harbor: Clinic, ada: Patient) -> None:
    assert list(kinds(ada, harbor)) == ["Single injection", "Consult"]


def test_a_missing_infusion_is_booked_by_itself(harbor: Clinic, ada: Patient) -> None:
    series = book(harbor, ada)
    visits = visits_of(series)
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=visits[5], reason="ill", version=0)
    single = kinds(ada, harbor)["a missing infusion of Six infusions"]
    slots = single_slots(single=single, patient=ada, site=harbor.site, first_day=FIRST_DAY, days=28, now=NOW)
    taken_days = {clock.local(one.starts, harbor.site.zone).date() for one in visits[:5]}
    assert all(
        abs((clock.local(slot.starts, harbor.site.zone).date() - day).days) >= 2 for slot in slots for day in taken_days
    )

    made = book_single(
        by=harbor.by(Role.FRONT_DESK),
        patient=ada,
        site=harbor.site,
        single=single,
        starts=slots[-1].starts,
        key=uuid4(),
    )

    assert (made.series_id, made.status) == (series.pk, "booked")
    assert sorted(series.appointments.blocking().values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_a_booster_is_booked_by_itself_once_a_doctor_has_set_the_interval(harbor: Clinic, ada: Patient) -> None:
    series = book(harbor, ada)
    treat(visits_of(series))
    assert "a booster of Six infusions" not in kinds(ada, harbor)
    with clock.at_moment(NOW + timedelta(days=20)):
        boosters.set_booster_interval(
            by=harbor.by(Role.DOCTOR),
            series=series,
            interval_days=21,
            tolerance_days=3,
            reason="responds",
            starts=[],
            key=uuid4(),
        )
        single = kinds(ada, harbor)["a booster of Six infusions"]
        starts = harbor.at(date(2027, 5, 3), 9)
        key = uuid4()
        what = {"by": harbor.by(Role.FRONT_DESK), "patient": ada, "site": harbor.site, "single": single, "key": key}
        made = book_single(starts=starts, **what)  # type: ignore[arg-type]
        again = book_single(starts=starts, **what)  # type: ignore[arg-type]

        assert (made.pk, made.kind, made.status) == (again.pk, "booster", "booked")
        assert Hold.objects.filter(appointment=made).exists()
        with pytest.raises(Refused, match="too near"):
            book_single(starts=harbor.at(date(2027, 5, 4), 9), **(what | {"key": uuid4()}))  # type: ignore[arg-type]


def test_a_walk_in_consult_starts_at_the_next_five_minutes_with_a_free_doctor(harbor: Clinic, ada: Patient) -> None:
    with clock.at_moment(NOW + timedelta(minutes=2)):
        made = come(harbor, ada, "Consult")

    assert (made.starts, made.status, made.practitioner) == (NOW + timedelta(minutes=5), "arrived", harbor.doctor)
    assert VisitRecord.objects.get(appointment=made).arrived_at == NOW + timedelta(minutes=2)
    assert Hold.objects.filter(appointment=made).exists()
    assert not Message.objects.filter(patient=ada, state__in=["due", "person"]).exists(), "she stands at the desk"


def test_a_walk_in_infusion_needs_a_clearance(harbor: Clinic) -> None:
    stranger = make_patient(harbor.site)

    with pytest.raises(Refused, match="No doctor's clearance") as refused:
        come(harbor, stranger, "Single injection", anyway=True, reason="insists")

    assert refused.value.code == "not_cleared"
    assert not Appointment.objects.exists()


def test_where_nothing_is_free_it_says_so_and_offers_to_record_it_all_the_same(harbor: Clinic, ada: Patient) -> None:
    send_home(harbor)

    with pytest.raises(Refused, match=r"Nothing is free from 9:05 a.m. on. There is no time") as refused:
        come(harbor, ada, "Single injection")
    assert refused.value.code == "nothing_free"
    with pytest.raises(Refused, match="Say why"):
        come(harbor, ada, "Single injection", anyway=True)
    assert not Appointment.objects.exists()

    made = come(harbor, ada, "Single injection", anyway=True, reason="came from far")

    assert (made.status, made.holds.count()) == ("arrived", 0)
    assert VisitRecord.objects.get(appointment=made).arrived_at == NOW


def test_the_first_free_time_of_today_is_named(harbor: Clinic, ada: Patient) -> None:
    others = [make_patient(harbor.site, cleared=True) for _ in range(2)]
    for other in others:
        book(harbor, other, [harbor.at(TODAY, 9, 5)], version=harbor.injection, first_day=TODAY, wishes=Wishes())

    with pytest.raises(Refused, match=r"The first time today with chair and nurse free is 9:15 a.m."):
        come(harbor, ada, "Single injection")


def test_who_has_a_visit_now_is_sent_to_it(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada, [harbor.at(TODAY, 10)], version=harbor.injection, first_day=TODAY, wishes=Wishes())

    with pytest.raises(Refused, match=r"has a visit today at 10 a.m."):
        come(harbor, ada, "Single injection", anyway=True, reason="early")


def test_a_walk_in_twice_is_one(harbor: Clinic, ada: Patient) -> None:
    key = uuid4()

    assert come(harbor, ada, "Consult", key=key).pk == come(harbor, ada, "Consult", key=key).pk


# -- afterwards --------------------------------------------------------------------------------------------------------

EVENING = NOW + timedelta(hours=6)


def enter(clinic: Clinic, patient: Patient, label: str = "Single injection", **changes: object) -> Appointment:
    """Enter a visit of this morning in the afternoon."""
    facts = {
        "arrived": NOW,
        "started": NOW + timedelta(minutes=12),
        "recovery": NOW + timedelta(minutes=22),
        "ended": NOW + timedelta(minutes=83),
        "ending": Ending.COMPLETED,
        "reason": "the network was down",
        "handed_to": make_driver(patient, "Ben Quill", email="ben@example.org"),
    } | changes
    by = facts.pop("by", clinic.by(Role.NURSE))
    with clock.at_moment(EVENING):
        return enter_past_visit(
            by=by,  # type: ignore[arg-type]
            patient=patient,
            site=clinic.site,
            single=kinds(patient, clinic)[label],
            happened=Happened(**facts),  # type: ignore[arg-type]
            key=uuid4(),
        )


def test_a_visit_of_this_morning_is_entered_with_its_real_times_and_ending(harbor: Clinic, ada: Patient) -> None:
    made = enter(harbor, ada)

    made.refresh_from_db()
    record = VisitRecord.objects.get(appointment=made)
    assert (made.status, made.ending, made.counts) == ("fulfilled", "completed", True)
    assert made.status_reason == "Entered afterwards: the network was down"
    assert (record.arrived_at, record.started_at) == (NOW, NOW + timedelta(minutes=12))
    assert record.handed_to_name == "Ben Quill"
    assert made.created_at == EVENING, "nothing pretends to have been written in time"
    assert not Hold.objects.exists()
    assert Message.objects.filter(appointment=made, kind="aftercare").exists()


def test_a_visit_of_the_day_before_is_entered_too_and_nobody_is_told_what_to_do_on_a_day_that_is_over(
    harbor: Clinic, ada: Patient
) -> None:
    with clock.at_moment(EVENING + timedelta(days=1)):
        made = enter_past_visit(
            by=harbor.by(Role.NURSE),
            patient=ada,
            site=harbor.site,
            single=kinds(ada, harbor)["Single injection"],
            happened=Happened(
                NOW,
                NOW + timedelta(minutes=83),
                Ending.COMPLETED,
                "the network was down",
                started=NOW + timedelta(minutes=12),
                handed_to=make_driver(ada, "Ben Quill", email="ben@example.org"),
            ),
            key=uuid4(),
        )

    assert (made.status, made.starts.date()) == ("fulfilled", NOW.date())
    assert not Message.objects.filter(appointment=made, kind="aftercare").exists()


def test_a_day_long_ago_is_a_slip_of_the_pen(harbor: Clinic, ada: Patient) -> None:
    happened = Happened(NOW, EVENING, Ending.NOT_TREATED_ILL, "late")

    with clock.at_moment(NOW + timedelta(days=40)), pytest.raises(Refused, match="more than 31 days ago") as refused:
        enter_past_visit(
            by=harbor.by(Role.NURSE),
            patient=ada,
            site=harbor.site,
            single=kinds(ada, harbor)["Single injection"],
            happened=happened,
            key=uuid4(),
        )
    assert refused.value.field == "day"


def test_a_start_without_clearance_or_consent_is_recorded_as_such(harbor: Clinic) -> None:
    stranger = make_patient(harbor.site)

    with pytest.raises(Refused, match="without a valid clearance and a valid consent") as refused:
        enter(harbor, stranger)
    assert refused.value.field == "without"

    made = enter(
        harbor,
        stranger,
        without="the doctor was in the room and agreed",
        handed_to=None,
        ending=Ending.LEFT_AGAINST_ADVICE,
        doctor_told=harbor.doctor,
    )

    assert "the doctor was in the room" in VisitRecord.objects.get(appointment=made).note


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"ended": EVENING + timedelta(minutes=5)}, "ended"),
        ({"arrived": NOW - timedelta(days=1)}, "started"),
        ({"started": NOW - timedelta(minutes=5)}, "started"),
        ({"handed_to": None}, "handed_to"),
        ({"started": None, "recovery": None}, "started"),
        ({"ending": Ending.NOT_TREATED_ILL}, "ending"),
        ({"ending": Ending.NO_SHOW}, "ending"),
        ({"ending": Ending.LEFT_AGAINST_ADVICE}, "doctor_told"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    harbor: Clinic, ada: Patient, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        enter(harbor, ada, **changes)  # type: ignore[arg-type]

    assert refused.value.field == field
    assert not Appointment.objects.exists()


def test_a_booked_visit_at_that_time_is_the_one_to_record_it_on(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada, [harbor.at(TODAY, 9, 30)], version=harbor.injection, first_day=TODAY, wishes=Wishes())

    with pytest.raises(Refused, match="record the times and the ending there"):
        enter(harbor, ada)


def test_the_desk_enters_consults_and_no_infusions(harbor: Clinic, ada: Patient) -> None:
    desk = harbor.by(Role.FRONT_DESK)
    with pytest.raises(NotAllowed):
        enter(harbor, ada, by=desk)

    made = enter(harbor, ada, "Consult", by=desk, doctor=harbor.doctor, recovery=None)

    assert (made.practitioner, made.counts) == (harbor.doctor, None)


def test_an_infusion_of_a_full_series_is_not_one_more(harbor: Clinic, ada: Patient) -> None:
    series = book(harbor, ada)
    single = Single(harbor.induction, Appointment.Kind.INFUSION, series)
    facts = Happened(NOW, EVENING, Ending.HOSPITAL, "late", started=NOW)

    with clock.at_moment(EVENING), pytest.raises(Refused, match="All infusions of this series"):
        enter_past_visit(
            by=harbor.by(Role.NURSE), patient=ada, site=harbor.site, single=single, happened=facts, key=uuid4()
        )


def test_a_missing_infusion_entered_afterwards_counts_and_takes_its_number(harbor: Clinic, ada: Patient) -> None:
    series = book(harbor, ada)
    first = visits_of(series)[0]
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=first, reason="came earlier", version=0)

    made = enter(harbor, ada, "a missing infusion of Six infusions")

    made.refresh_from_db()
    assert (made.number, made.counts) == (1, True)
    assert Series.objects.get().appointments.filter(status="booked").count() == 5
