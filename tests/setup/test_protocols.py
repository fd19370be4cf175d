"""Protocols: a version in use is never changed, and the page says what runs on which."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.errors import Refused
from clinic.permissions import Role
from scheduling.actions.setup import protocols
from scheduling.actions.setup.protocols import NeedDraft, PhaseDraft
from scheduling.actions.setup.seen import ChangedMeanwhile
from scheduling.demo.protocols import COURSES
from scheduling.models import ProtocolVersion
from scheduling.selectors import changes
from scheduling.setup import starting_points
from scheduling.setup.drawing import draw
from scheduling.setup.protocol_forms import (
    GROUPS,
    IN_ROWS,
    OF_THE_CHAIR,
    OF_THE_LADDER,
    PhaseForm,
    VersionForm,
    row_of,
)
from tests.desk.pages import text
from tests.factories import Clinic, make_patient
from tests.scheduling.helpers import book
from tests.snapshot import everything


def change(clinic: Clinic, version: ProtocolVersion, draft: protocols.Draft, **other: Any) -> ProtocolVersion:
    """Save the draft as the manager does."""
    order: dict[str, Any] = {
        "by": clinic.by(Role.MANAGER),
        "protocol": version.protocol,
        "name": version.protocol.name,
        "sites": [clinic.site],
        "is_active": True,
        "draft": draft,
        "sites_in_view": [clinic.site],
    }
    return protocols.change_protocol(**(order | other))


def with_fields(draft: protocols.Draft, **fields: Any) -> protocols.Draft:
    return replace(draft, fields={**draft.fields, **fields})


def test_a_version_that_something_was_booked_with_stays_and_a_new_one_is_made(harbor: Clinic) -> None:
    series = book(harbor, make_patient(harbor.site, cleared=True))
    before = protocols.draft_of(harbor.induction)
    after = change(harbor, harbor.induction, with_fields(before, fasting_food_hours=8))
    assert (after.number, after.is_current, after.fasting_food_hours) == (2, True, 8)
    harbor.induction.refresh_from_db()
    assert (harbor.induction.is_current, harbor.induction.fasting_food_hours) == (False, 6)
    assert protocols.draft_of(harbor.induction) == before
    series.refresh_from_db()
    assert series.protocol_version == harbor.induction
    assert protocols.draft_of(after).phases == before.phases
    assert protocols.draft_of(after).ladder == before.ladder


def test_a_version_that_nobody_used_is_written_anew_in_place(harbor: Clinic) -> None:
    before = protocols.draft_of(harbor.induction)
    phases = (*before.phases[:2], PhaseDraft("recover", 90, before.phases[2].needs))
    after = change(harbor, harbor.induction, replace(before, phases=phases))
    assert after.pk == harbor.induction.pk
    assert [phase.minutes for phase in after.phases.all()] == [15, 40, 90]


def test_saving_without_a_change_makes_no_version(harbor: Clinic) -> None:
    book(harbor, make_patient(harbor.site, cleared=True))
    same = change(harbor, harbor.induction, protocols.draft_of(harbor.induction), name="Six of them")
    assert same == harbor.induction
    harbor.induction.protocol.refresh_from_db()
    assert harbor.induction.protocol.name == "Six of them"


def test_the_second_of_two_managers_is_told(harbor: Clinic) -> None:
    before, seen = protocols.draft_of(harbor.induction), changes.mark(changes.protocol(harbor.induction.protocol))
    change(harbor, harbor.induction, with_fields(before, turnover_minutes=15), seen=seen)
    with pytest.raises(ChangedMeanwhile, match=r"Mona Reyes changed .*clean the chair afterwards” \(now 15\)"):
        change(harbor, harbor.induction, with_fields(before, turnover_minutes=20), seen=seen)


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ((), "at least one phase"),
        ((PhaseDraft("infuse", 42, (NeedDraft("chair", "whole"),)),), "multiple of 5 minutes; 42"),
        ((PhaseDraft("infuse", 40, ()),), "needs a chair"),
    ],
)
def test_a_draft_that_makes_no_visit_is_refused_in_words(
    harbor: Clinic, phases: tuple[PhaseDraft, ...], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        change(harbor, harbor.induction, replace(protocols.draft_of(harbor.induction), phases=phases))


def test_visits_that_do_not_fit_their_window_are_refused_in_words(harbor: Clinic) -> None:
    with pytest.raises(Refused, match="The visits do not fit"):
        change(harbor, harbor.induction, with_fields(protocols.draft_of(harbor.induction), window_days=3))


def test_two_equal_reminders_are_refused(harbor: Clinic) -> None:
    draft = protocols.draft_of(harbor.induction)
    twice = (("reminder", 3, time(9), True), ("reminder", 3, None, True))
    with pytest.raises(Refused, match="Two messages of the same kind"):
        change(harbor, harbor.induction, replace(draft, ladder=twice))


def test_every_usual_protocol_can_be_added_as_it_is(harbor: Clinic) -> None:
    for course in COURSES:
        version = protocols.add_protocol(
            by=harbor.by(Role.MANAGER),
            name=course.name,
            kind=course.kind,
            sites=[harbor.site],
            draft=starting_points.draft_of(course),
        )
        assert version.is_current
        assert [phase.minutes for phase in version.phases.all()] == [
            minutes for _kind, minutes, _needs in course.phases
        ]


def test_every_field_of_a_version_is_on_the_page() -> None:
    form = VersionForm()
    assert set(protocols.content_fields()) <= {*form.fields, *IN_ROWS}
    shown = {field.name for _legend, fields in form.groups for field in fields}
    assert set(form.fields) - shown == {*OF_THE_CHAIR, *OF_THE_LADDER, "meant_so", "seen", "accepted", "reason"}
    assert {name for _legend, names, _of_series in GROUPS for name in names} <= shown


def test_the_drawing_shows_each_phase_and_what_it_takes(harbor: Clinic) -> None:
    drawing = draw(protocols.draft_of(harbor.induction).phases, 10)
    assert drawing is not None
    assert [row.label for row in drawing.rows] == ["Visit", "Chair", "Nurse's hands", "Nurse's watch"]
    assert [tick.words for tick in drawing.ticks] == ["0:00", "0:15", "0:55", "1:55"]
    watch = [bar for bar in drawing.bars if bar.tone == "lane-nurse-watch"]
    assert len(watch) == 2, "one place throughout, a second while it drips"
    assert watch[0].width > watch[1].width
    assert drawing.sentences[1] == "Infuse, 40 minutes: chair, 2 of a nurse's watch"
    assert draw((), 10) is None


def form_of(version: ProtocolVersion, **other: str) -> dict[str, str]:
    """What the page sends when nothing is changed but `other`."""
    draft = protocols.draft_of(version)
    data = {"name": version.protocol.name, "is_active": "on", "sites": str(version.protocol.sites.get().pk)}
    for name, value in draft.fields.items():
        if isinstance(value, bool):
            data |= {name: "on"} if value else {}
        elif value is not None and not isinstance(value, list):
            data[name] = str(value)
    data |= _rows("phase", [_phase(number, phase) for number, phase in enumerate(draft.phases, 1)])
    data |= _rows("checkin", []) | _rows("fitness", [{"en": "Walks", "es": "Camina"}])
    data |= _rows(
        "ladder",
        [
            {
                "kind": kind,
                "days": str(days),
                "send_at": f"{at:%H:%M}" if at else "",
                "when_close": "on" if close else "",
            }
            for kind, days, at, close in draft.ladder
        ],
    )
    for language, words in draft.texts.items():
        data |= {f"text-{language}-{name}": said for name, said in words.items()}
    return data | {"chair_kinds": "recliner"} | other


def _phase(number: int, phase: PhaseDraft) -> dict[str, str]:
    row = {"kind": phase.kind, "minutes": str(phase.minutes), "ORDER": str(number)}
    for need in phase.needs:
        row |= {"watch": str(need.units)} if need.lane == "watch" else {}
        row |= {need.kind: "hands" if need.lane == "hands" else "on"} if need.lane != "watch" else {}
    return row


def _rows(prefix: str, rows: list[Mapping[str, str]] | list[dict[str, str]]) -> dict[str, str]:
    data = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def test_the_page_saves_a_new_version_and_says_what_runs_on_which(manager: Client, harbor: Clinic) -> None:
    series = book(harbor, make_patient(harbor.site, cleared=True, given_name="Ada", family_name="Quill"))
    address = reverse("setup:protocol_edit", args=[harbor.induction.protocol_id])
    assert "Saving a change makes version 2" in text(manager.get(address))
    page = manager.post(address, form_of(harbor.induction, turnover_minutes="20"), follow=True)
    words = text(page)
    assert "Saved as version 2. What is booked keeps version 1." in words
    assert "Ada Quill" in words
    version = ProtocolVersion.objects.get(protocol=harbor.induction.protocol, is_current=True)
    assert (version.turnover_minutes, version.fitness_list) == (20, [{"en": "Walks", "es": "Camina"}])
    assert protocols.draft_of(version).phases == protocols.draft_of(harbor.induction).phases
    series.refresh_from_db()
    assert series.protocol_version.number == 1


def test_series_and_visits_of_a_version_are_counted_each_for_themselves(manager: Client, harbor: Clinic) -> None:
    for _ in range(2):
        book(harbor, make_patient(harbor.site, cleared=True))
    page = manager.get(reverse("setup:protocol", args=[harbor.induction.protocol_id]))
    (version,) = page.context["versions"]
    assert (version.running, version.ahead) == (2, 12)
    page = manager.get(reverse("setup:protocol", args=[harbor.consult.protocol_id]))
    assert [(one.running, one.ahead) for one in page.context["versions"]] == [(0, 0)]


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:protocol_edit", args=[harbor.induction.protocol_id])
    typed = form_of(harbor.induction, ideal_gap_days="9", **{"text-en-bring": "A ketamine mug"})
    page = manager.post(address, typed)
    assert page.status_code == 422
    assert "The ideal lies between 2 and 5." in text(page)
    assert "A ketamine mug" in page.content.decode()
    page = manager.post(address, form_of(harbor.induction, **{"text-en-bring": "A ketamine mug"}))
    assert "“ketamine”: other people may see these words" in text(page)


def test_the_drawing_is_redone_before_anything_is_saved(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:protocol_edit", args=[harbor.induction.protocol_id])
    typed = form_of(harbor.induction) | {"phase-1-minutes": "120", "look": "1"}
    assert "Infuse, 120 minutes" in text(manager.post(address, typed))
    fragment = manager.post(address, typed, headers={"HX-Request": "true"})
    assert "Infuse, 120 minutes" in text(fragment)
    assert "<html" not in fragment.content.decode()
    assert protocols.draft_of(harbor.induction).phases[1].minutes == 40


def test_a_consult_has_no_lists_and_is_saved_all_the_same(manager: Client, harbor: Clinic) -> None:
    typed = form_of(harbor.consult) | {"phase-0-minutes": "30"}
    for name in [one for one in typed if one.startswith(("checkin", "fitness"))]:
        del typed[name]
    address = reverse("setup:protocol_edit", args=[harbor.consult.protocol_id])
    assert manager.post(address, typed).status_code == 302
    assert [phase.minutes for phase in harbor.consult.phases.all()] == [30]


def test_a_new_protocol_is_added_from_a_usual_one(manager: Client, harbor: Clinic) -> None:
    page = manager.get(reverse("setup:protocol_new"), {"from": "First consult"})
    assert "Consult, 45 minutes" in text(page)
    typed = form_of(harbor.consult, name="Talk", kind="consult")
    assert manager.post(reverse("setup:protocol_new"), typed).status_code == 302
    assert ProtocolVersion.objects.get(protocol__name="Talk").sessions == 1


def test_the_texts_are_shown_as_sent_before_anything_is_saved(manager: Client, harbor: Clinic) -> None:
    before = everything()
    address = reverse("setup:protocol_edit", args=[harbor.induction.protocol_id])
    typed = form_of(harbor.induction, **{"text-en-preparation": "Wear wool.", "text-es-bring": "Un libro."})
    words = text(manager.post(address, typed | {"look": "1"}))
    assert "How to prepare for your visit at Harbor Day Center on" in words
    assert (
        "- Nothing to eat after 2 a.m. - Clear fluids such as water are fine until 6 a.m., then nothing to drink."
        in words
    )
    assert "- Wear wool." in words
    assert "Un libro." in words
    assert everything() == before


def test_what_a_protocol_tells_patients_is_shown_when_it_is_asked_for(manager: Client, harbor: Clinic) -> None:
    before = everything()
    page = manager.get(reverse("setup:protocol", args=[harbor.induction.protocol_id]))
    assert "See it as patients read it" in text(page)
    address = reverse("setup:protocol_told", args=[harbor.induction.protocol_id])
    assert "Eat nothing before you come." in text(manager.post(address))
    part = manager.post(address, headers={"HX-Request": "true"})
    assert "Eat nothing before you come." in text(part)
    assert "<html" not in part.content.decode()
    assert everything() == before


@pytest.mark.parametrize(
    "needs",
    [
        (NeedDraft("doctor", "hands"), NeedDraft("doctor", "presence"), NeedDraft("nurse", "watch", 2)),
        (NeedDraft("nurse", "hands", alone=True), NeedDraft("nurse", "presence"), NeedDraft("nurse", "watch")),
        (NeedDraft("chair", "whole"), NeedDraft("doctor", "presence"), NeedDraft("nurse", "hands")),
    ],
)
def test_a_phase_with_needs_of_any_kind_comes_back_from_its_row_as_it_was(needs: tuple[NeedDraft, ...]) -> None:
    phase = PhaseDraft("infuse", 40, needs)
    form = PhaseForm({name: str(value) for name, value in row_of(phase).items()})
    assert form.is_valid(), form.errors
    assert form.draft == phase
