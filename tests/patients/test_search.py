"""Finding patients: by whatever part is known, in whatever form it is typed, with slips forgiven, and quickly."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.models import User
from patients.models import Patient
from patients.search import alike, possible_duplicates, search
from patients.typed_dates import find_days
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import as_owner

pytestmark = pytest.mark.django_db
MANY = 20_000
#: What one search may cost at MANY patients, in milliseconds: without the indexes it is several times as much.
QUICK = 60.0


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


def who(clinic: Clinic) -> User:
    assert isinstance(clinic.clerk.user, User)
    return clinic.clerk.user


def found(clinic: Clinic, text: str) -> list[str]:
    return [patient.family_name for patient in search(who(clinic), text)]


@pytest.mark.parametrize(
    "text",
    [
        "1971-03-02",
        "3/2/1971",
        "2/3/1971",
        "03-02-1971",
        "2.3.1971",
        "2.3.71",
        "19710302",
        "03021971",
        "2 March 1971",
        "2nd mar 71",
        "March 2, 1971",
        "2 de marzo de 1971",
        "march 1971",
        "1971-03",
        "3/1971",
        "1971",
        "garcía 3/2/1971",
        "1971-03-02 jose",
        "jose, 2 march 1971",
    ],
)
def test_a_birth_date_is_read_in_the_forms_that_people_type(clinic: Clinic, text: str) -> None:
    make_patient(clinic.site, given_name="José", family_name="García", birth_date=date(1971, 3, 2), phone="")
    make_patient(clinic.site, given_name="Ida", family_name="Wells", birth_date=date(1980, 5, 17), phone="")

    assert found(clinic, text) == ["García"]


@pytest.mark.parametrize("text", ["", "garcia", "518 555 0199", "1971-13-40", "31.02.1971", "99/99/9999", "0001"])
def test_what_is_no_date_is_not_taken_for_one(text: str) -> None:
    assert find_days(text) == ([], text)


@pytest.mark.parametrize(
    "text",
    ["518 555 0199", "(518) 555-0199", "5185550199", "518.555.0199", "+1 518 555 0199", "1-518-555-0199", "555 01 99"],
)
def test_a_telephone_number_is_read_however_it_is_grouped(clinic: Clinic, text: str) -> None:
    make_patient(clinic.site, family_name="García", phone="+15185550199")
    make_patient(clinic.site, family_name="Wells", phone="+15185550111")

    assert found(clinic, text) == ["García"]


def test_a_record_number_is_found_by_its_beginning_and_comes_first_when_whole(clinic: Clinic) -> None:
    first = make_patient(clinic.site, family_name="Wells", phone="")
    first.refresh_from_db()
    make_patient(clinic.site, family_name="Abbot", phone=f"+1518{first.record_number}5555"[:12])

    assert found(clinic, str(first.record_number))[0] == "Wells"
    assert "Wells" in found(clinic, str(first.record_number)[:3])
    assert found(clinic, f"#{first.record_number}")[0] == "Wells"


def test_names_that_begin_with_what_was_typed_come_first(clinic: Clinic) -> None:
    make_patient(clinic.site, given_name="Bo", family_name="Adelman")
    make_patient(clinic.site, given_name="Bo", family_name="Manley")

    assert found(clinic, "man") == ["Manley", "Adelman"]


def test_one_or_two_letters_find_what_begins_with_them(clinic: Clinic) -> None:
    make_patient(clinic.site, given_name="Li", family_name="Wu")
    make_patient(clinic.site, given_name="Ada", family_name="Swunk")

    assert found(clinic, "wu") == ["Wu"]
    assert found(clinic, "l w") == ["Wu"]


@pytest.mark.parametrize("text", ["Whitfeild", "whitfild", "witfield alma", "Amla Whitfield", "wihtfield", "almma"])
def test_a_slip_of_the_finger_is_forgiven(clinic: Clinic, text: str) -> None:
    make_patient(clinic.site, given_name="Alma", family_name="Whitfield")
    make_patient(clinic.site, given_name="Kofi", family_name="Mensah")

    assert found(clinic, text) == []
    assert [patient.family_name for patient in alike(who(clinic), text)] == ["Whitfield"]


def test_alike_means_all_words_and_the_likest_first(clinic: Clinic) -> None:
    make_patient(clinic.site, given_name="Ruth", family_name="Abernathy")
    make_patient(clinic.site, given_name="Ruta", family_name="Aberg")
    make_patient(clinic.site, given_name="Ruth", family_name="Nowak")

    names = [patient.family_name for patient in alike(who(clinic), "Rutt Abernaty")]
    assert names[0] == "Abernathy"
    assert "Nowak" not in names
    assert alike(who(clinic), "12345") == []


def test_the_sites_of_others_stay_out_of_every_search(clinic: Clinic) -> None:
    other = make_clinic(name="Hill")
    make_patient(other.site, given_name="Alma", family_name="Whitfield")

    assert found(clinic, "whitfield") == []
    assert alike(who(clinic), "whitfeild") == []


@pytest.mark.parametrize(
    ("changes", "is_found"),
    [
        ({}, True),
        ({"given_name": "Roza"}, True),
        ({"given_name": "Lind", "family_name": "Rosa"}, True),
        ({"birth_date": date(1971, 2, 3)}, True),
        ({"birth_date": date(1972, 3, 2)}, True),
        ({"birth_date": date(1955, 8, 9)}, False),
        ({"birth_date": date(1955, 8, 9), "email": "Rosa@Example.org"}, True),
        ({"birth_date": date(1955, 8, 9), "phone": "+15185550123"}, True),
        ({"given_name": "Walter", "family_name": "Ottoman"}, False),
    ],
)
def test_who_may_be_the_same_person_is_found(clinic: Clinic, changes: dict[str, Any], is_found: bool) -> None:
    make_patient(
        clinic.site,
        given_name="Rosa",
        family_name="Lind",
        birth_date=date(1971, 3, 2),
        phone="+15185550123",
        email="rosa@example.org",
    )
    typed: dict[str, Any] = {"given_name": "Rosa", "family_name": "Lind", "birth_date": date(1971, 3, 2)} | changes

    assert bool(possible_duplicates(who(clinic), **typed)) is is_found


def fill(clinic: Clinic) -> None:
    """Twenty thousand patients of the clinic, with the statistics that autovacuum would have made by the next day."""
    with as_owner() as cursor:
        cursor.execute(
            """
            INSERT INTO patients_patient (id, given_name, family_name, birth_date, sex, language, interpreter, email,
                phone, channel, mail_consent, text_consent, essential_only, address_line, city, state, postal_code,
                country, note, is_active, version, created_at)
            SELECT gen_random_uuid(), initcap(substr(md5(n::text), 1, 3 + n %% 6)),
                initcap(substr(md5((n * 7)::text), 4, 4 + n %% 8)), date '1930-01-01' + (n * 37) %% 30000,
                'unknown', 'en', '', '', '+1518' || lpad((n * 7919 %% 10000000)::text, 7, '0'), 'mail', true, false,
                false, '', '', '', '', '', '', true, 0, now()
            FROM generate_series(1, %s) AS n
            """,
            [MANY],
        )
        cursor.execute(
            "INSERT INTO patients_patient_sites (patient_id, site_id) SELECT id, %s FROM patients_patient",
            [str(clinic.site.pk)],
        )
        cursor.execute("ANALYZE patients_patient; ANALYZE patients_patient_sites")


def plan_of(query: str, params: Any) -> tuple[str, float]:
    """The plan that PostgreSQL chose, and the milliseconds that the quickest of three runs took."""
    best, text = float("inf"), ""
    for _run in range(3):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", params)
            plan = cursor.fetchone()[0][0]
        best, text = min(best, plan["Planning Time"] + plan["Execution Time"]), str(plan)
    return text, best


@pytest.mark.django_db(transaction=True)
def test_it_stays_quick_at_twenty_thousand_patients_through_the_indexes() -> None:
    with clock.at_moment(NOW):
        clinic = make_clinic()
        fill(clinic)
        user = who(clinic)
        one = Patient.objects.get(record_number=Patient.objects.order_by("-record_number")[7].record_number)
        searches = {
            one.family_name[:4]: "patient_name_search",
            one.phone[-7:]: "patient_phone_search",
            one.birth_date.isoformat(): "patient_birth_date",
            str(one.record_number): "patients_patient_record_number",
        }
        for text, index in searches.items():
            query, params = search(user, text)[:25].query.sql_with_params()
            plan, took = plan_of(query, params)
            assert one in search(user, text)
            assert index in plan, (text, plan)
            assert took < QUICK, (text, took)
        with CaptureQueriesContext(connection) as captured:
            alike(user, f"{one.given_name} {one.family_name}x")
            possible_duplicates(user, given_name=one.given_name, family_name=one.family_name, birth_date=one.birth_date)
        for asked in captured.captured_queries:
            if "similarity(" in asked["sql"]:
                assert float(asked["time"]) * 1000 < QUICK, asked
