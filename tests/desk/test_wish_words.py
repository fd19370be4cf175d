"""What patients say about days and hours is read into the fields; what is not understood is given back."""

from datetime import date
from typing import Any

import pytest

from scheduling.desk.wish_words import read

TODAY = date(2027, 4, 5)
WEEK = [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("not Tuesdays", {"patient_days": [0, 2, 3, 4, 5, 6]}),
        (
            "not Tuesdays, after 10:00, driver only Mon/Wed/Fri",
            {"patient_days": [0, 2, 3, 4, 5, 6], "patient_from": "10:00", "driver_days": [0, 2, 4]},
        ),
        ("Mon-Fri", {"patient_days": [0, 1, 2, 3, 4]}),
        ("weekdays, mornings", {"patient_days": [0, 1, 2, 3, 4], "patient_until": "12:00"}),
        ("no mornings", {"patient_from": "12:00"}),
        ("home by 3pm", {"patient_until": "15:00"}),
        ("by 3", {"patient_until": "15:00"}),
        ("from 9 to 12", {"patient_from": "09:00", "patient_until": "12:00"}),
        ("10:00 - 14:30", {"patient_from": "10:00", "patient_until": "14:30"}),
        ("not before 9:30 am", {"patient_from": "09:30"}),
        ("best on Mondays and Thursdays", {"preferred_days": [0, 3]}),
        ("ideally before 11", {"preferred_until": "11:00"}),
        ("my husband can drive Wed or Thu after 1 pm", {"driver_days": [2, 3], "driver_from": "13:00"}),
        ("not April 9, not 2027-04-12", {"not_dates": "2027-04-09, 2027-04-12"}),
        ("from 12 April", {"first_day": "2027-04-12"}),
        ("not before Apr 12", {"first_day": "2027-04-12"}),
        ("from Mar 3", {"first_day": "2028-03-03"}),
        ("lunes y miércoles por la mañana", {"patient_days": [0, 2], "patient_until": "12:00"}),
        ("no los martes, después de las 10:00", {"patient_days": [0, 2, 3, 4, 5, 6], "patient_from": "10:00"}),
        ("except Fridays", {"patient_days": [0, 1, 2, 3, 5, 6]}),
    ],
)
def test_words_become_fields(words: str, fields: dict[str, Any]) -> None:
    found = read(words, TODAY)

    assert found.fields == fields
    assert found.unread == []


@pytest.mark.parametrize("words", ["when the tide is low", "call my sister", "not 2027-13-40"])
def test_what_is_not_understood_is_given_back(words: str) -> None:
    found = read(words, TODAY)

    assert found.unread == [words]


def test_half_a_sentence_that_is_understood_is_kept_and_said_to_be_half() -> None:
    found = read("Mondays after swimming", TODAY)

    assert found.fields == {"patient_days": [0]}
    assert found.unread == ["Mondays after swimming"]


def test_nothing_said_is_nothing_read() -> None:
    assert read("  ", TODAY).fields == {}
