"""Reports count what happened, and nothing in them names anybody."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import moving
from scheduling.models import Appointment, Series
from scheduling.selectors.reports import REPORTS, Report, Row, Span
from scheduling.setup.report_plots import FULLEST, drawn_of
from tests.desk.conftest import SignIn
from tests.desk.pages import text
from tests.factories import FIRST_DAY, NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db


def span_of(clinic: Clinic) -> Span:
    """Four weeks from the first day."""
    return Span(clinic.site, FIRST_DAY, FIRST_DAY + timedelta(days=27))


def rows(clinic: Clinic, key: str) -> list[tuple[str, ...]]:
    """The table of a report."""
    return [row.cells for row in REPORTS[key](span_of(clinic)).rows]


def test_a_chair_that_is_taken_counts_by_day_and_hour(harbor: Clinic, patient: Patient) -> None:
    assert {row[2] for row in rows(harbor, "use")} == {"0 %"}
    book(harbor, patient, [harbor.at(FIRST_DAY, 9)], version=harbor.injection)

    taken = {row[:2]: row[2] for row in rows(harbor, "use") if row[2] != "0 %"}
    # One of three chairs for 60 and 10 minutes, on one of four Tuesdays.
    assert taken == {("Tuesday", "9 a.m."): "8 %", ("Tuesday", "10 a.m."): "1 %"}


def test_no_shows_and_late_cancellations_are_told_apart(harbor: Clinic, patient: Patient) -> None:
    visits = visits_of(book(harbor, patient))
    Appointment.objects.filter(pk=visits[0].pk).update(status="noshow", ending="no_show", counts=False)
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=visits[1], reason="A cold.", version=0)

    first = rows(harbor, "missed")[0]
    assert first[2] == "1"
    assert sum(int(row[3]) + int(row[4]) for row in rows(harbor, "missed")) == 1


def test_rides_and_messages_are_counted(harbor: Clinic, patient: Patient) -> None:
    book(harbor, patient)

    assert ("nobody named", "6", "100 %") in rows(harbor, "rides")
    assert any(row[0] == "email" for row in rows(harbor, "messages"))


def test_a_stopped_series_is_listed_with_its_reason(harbor: Clinic, patient: Patient) -> None:
    series = book(harbor, patient)
    Series.objects.filter(pk=series.pk).update(
        status="revoked", ended_at=harbor.at(FIRST_DAY, 12), end_reason="Moved away.\nTo Reno."
    )

    assert rows(harbor, "series") == [("Stopped after 0 infusions", "Moved away.", "1")]


def test_days_from_consult_to_first_infusion(harbor: Clinic, patient: Patient) -> None:
    infusion = visits_of(book(harbor, patient))[0]
    Appointment.objects.filter(pk=infusion.pk).update(status="fulfilled", ending="completed", counts=True)
    Appointment.objects.create(
        patient=patient,
        site=harbor.site,
        protocol_version=harbor.consult,
        kind="consult",
        status="fulfilled",
        ending="completed",
        starts=infusion.starts - timedelta(days=9),
        ends=infusion.starts - timedelta(days=9, minutes=-45),
        created_at=NOW,
    )

    assert rows(harbor, "first") == [(f"{infusion.starts:%Y-%m}", "1", "9", "9")]


def test_the_page_draws_and_lists_them_and_names_nobody(manager: Client, harbor: Clinic, patient: Patient) -> None:
    book(harbor, patient)
    page = manager.get(reverse("setup:reports", args=[harbor.site.pk]), {"first": "2027-04-06", "last": "2027-05-03"})

    body = page.content.decode()
    assert "Use of chairs and nurses" in text(page)
    assert "bars_marks" in body
    assert "squares_marks" in body
    assert "Quill" not in body
    assert "style=" not in body


def test_the_use_of_chairs_is_a_square_for_each_open_hour_the_fullest_the_darkest(
    harbor: Clinic, patient: Patient
) -> None:
    book(harbor, patient, [harbor.at(FIRST_DAY, 9)], version=harbor.injection)
    report = REPORTS["use"](span_of(harbor))
    drawing = str(drawn_of(report))

    assert set(re.findall(r">(\w+day)</text>", drawing)) == {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}
    places, tints = drawing.partition("squares_marks")[2].split("tints_marks")
    corners = re.findall(r'd="(M[\d.]+,[\d.]+)', places)
    assert len(set(corners)) == len(corners) == len(report.rows)
    assert re.findall(r'fill-opacity="([\d.]+)"', tints).count(str(FULLEST)) == 1
    assert ">8 %</text>" in drawing


def test_bars_of_the_same_name_stand_one_below_the_other(harbor: Clinic) -> None:
    rows = [Row(("Ada", "1"), 1.0), Row(("Ada", "2"), 2.0)]
    drawing = str(drawn_of(Report("x", "X", "", ("Who", "How often"), rows)))
    assert drawing.count(">Ada</text>") == 2
    assert "aria-label" not in drawing, "the table says it"
    assert drawn_of(Report("x", "X", "", ("Who",), [Row(("Ada",), None)])) is None


def test_each_is_a_file_too(manager: Client, harbor: Clinic, patient: Patient) -> None:
    book(harbor, patient)
    for key in REPORTS:
        answer = manager.get(reverse("setup:report_file", args=[harbor.site.pk, key]), {"last": "2027-05-03"})
        lines = list(csv.reader(io.StringIO(answer.content.decode())))
        assert lines[0] == list(REPORTS[key](span_of(harbor)).headings)
        assert not [cell for line in lines for cell in line if cell.startswith("'")], "taken for a formula"
    assert manager.get(reverse("setup:report_file", args=[harbor.site.pk, "nothing"])).status_code == 404


def test_days_that_make_no_sense_are_put_right(manager: Client, harbor: Clinic) -> None:
    page = manager.get(reverse("setup:reports", args=[harbor.site.pk]), {"first": "2030-01-01", "last": "x"})
    assert page.status_code == 200
    page = manager.get(reverse("setup:reports", args=[harbor.site.pk]), {"first": "2000-01-01", "last": "2027-05-03"})
    assert (page.context["span"].last - page.context["span"].first).days == 366
    for day in ("0001-01-01", "9999-12-31"):
        assert manager.get(reverse("setup:reports", args=[harbor.site.pk]), {"last": day}).status_code == 200


def test_a_clerk_has_no_reports(signed_in: SignIn, harbor: Clinic) -> None:
    assert signed_in(Role.FRONT_DESK).get(reverse("setup:reports", args=[harbor.site.pk])).status_code == 403


def test_the_number_of_queries_does_not_grow(harbor: Clinic, patient: Patient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught, clock.at_moment(NOW):
            for make in REPORTS.values():
                make(span_of(harbor))
        return len(caught)

    book(harbor, patient)
    few = queries()
    for _ in range(3):
        book(harbor, make_patient(harbor.site, cleared=True))
    assert queries() == few
