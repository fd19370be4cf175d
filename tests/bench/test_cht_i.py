"""CHT-I: reading the files, and placing patients whole on exact days."""

import json
from pathlib import Path
from typing import Any

import pytest

from scheduling.bench.cht_i import CHAIRS, DAYS, SLOTS, Calendar, Visit, read_demand


def visit(after: int, *, consult: bool = False, treatment: int = 2) -> dict[str, Any]:
    return {"afterLastRequest": after, "needingConsultation": consult, "treatmentDuration": treatment}


def write(folder: Path, *patients: list[dict[str, Any]], name: str = "one.json") -> None:
    (folder / name).write_text(json.dumps({"demands": [{"rdvDemands": visits} for visits in patients]}))


def test_rest_days_lie_between_two_visits(tmp_path: Path) -> None:
    write(tmp_path, [visit(0), visit(2, consult=True), visit(1)])
    assert read_demand(tmp_path) == [(Visit(0, False, 2), Visit(3, True, 2), Visit(5, False, 2))]


def test_a_visit_takes_its_consultation_the_installation_and_the_treatment() -> None:
    assert Visit(0, True, 3).slots == Visit(0, True, 3).shape().cells == 5
    assert Visit(0, False, 0).slots == Visit(0, False, 0).shape().cells == 1


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text('{"patients": []}')
    with pytest.raises(ValueError, match=r"odd\.json is not an instance of CHT-I"):
        read_demand(tmp_path)


def test_a_patient_is_placed_on_exact_days_or_not_at_all() -> None:
    calendar = Calendar()
    wanted = (Visit(0, False, SLOTS - 1), Visit(DAYS - 1, False, SLOTS - 1))
    places = [calendar.place(wanted) for _ in range(CHAIRS)]
    # Each of these days begins with half an hour of a nurse's hands, and there are six nurses.
    assert [place.first for place in places if place] == [0] * 6
    assert places[6:] == [None] * (CHAIRS - 6)
    assert calendar.place((Visit(0, False, 0),)) is not None
