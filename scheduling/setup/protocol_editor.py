"""The page of a protocol as one thing: its forms and rows together, what they say, and whether they can be read."""

from collections.abc import Sequence
from typing import Any

from clinic.errors import Refused
from clinic.models import Site
from patients.models import Language
from scheduling.actions.setup.protocols import TEXTS, USUAL, Draft, PhaseDraft, content_fields, in_order
from scheduling.messages.discretion import listed, telling_words
from scheduling.models import Protocol, ProtocolVersion
from scheduling.setup.drawing import Drawing, draw
from scheduling.setup.ladder import by_time
from scheduling.setup.protocol_forms import (
    LadderRows,
    PhaseRows,
    ProtocolForm,
    QuestionRows,
    TextsForm,
    VersionForm,
    row_of,
)


class Editor:
    """All forms of the page. `start` is what they begin with; `data` what was posted, None before that."""

    def __init__(
        self,
        data: Any,
        *,
        sites: Sequence[Site],
        kind: str,
        start: Draft,
        protocol: Protocol | None = None,
        name: str = "",
        seen: int | None = None,
    ) -> None:
        self.kind = str(data.get("kind") or kind) if data is not None and protocol is None else kind
        offered = [site.pk for site in (protocol.sites.all() if protocol is not None else sites)]
        about: dict[str, Any] = {
            "name": protocol.name if protocol is not None else name,
            "kind": self.kind,
            "sites": offered,
        }
        if protocol is not None:
            about["is_active"] = protocol.is_active
        self.about = ProtocolForm(data, sites=sites, is_new=protocol is None, initial=about)
        self.version = VersionForm(
            data, initial=dict(start.fields), has_series=self.kind == Protocol.Kind.INFUSION, seen=seen
        )
        self.phases = PhaseRows(data, prefix="phase", initial=[row_of(phase) for phase in start.phases])
        self.checkin = QuestionRows(data, prefix="checkin", initial=start.fields.get("checkin_list") or [])
        self.fitness = QuestionRows(data, prefix="fitness", initial=start.fields.get("fitness_list") or [])
        self.ladder = LadderRows(
            data,
            prefix="ladder",
            # What goes out is on the page, also where the protocol says nothing of its own.
            initial=[
                {"kind": kind, "days": days, "send_at": at, "when_close": close}
                for kind, days, at, close in by_time(start.ladder or USUAL)
            ],
        )
        self.texts = [
            TextsForm(data, prefix=f"text-{language}", language=language, initial=dict(start.texts.get(language, {})))
            for language in Language.values
        ]
        self.start = start

    @property
    def parts(self) -> list[Any]:
        """Every form and formset."""
        lists = [self.checkin, self.fitness] if self.version.has_series else []
        return [self.about, self.version, self.phases, *lists, self.ladder, *self.texts]

    def is_valid(self) -> bool:
        """Whether all of it can be read. Texts that say the treatment are asked about once."""
        checked = [part.is_valid() for part in self.parts]  # every part, so that every error is shown
        fine = all(checked)
        # The doctor's words about medicines are not among them: nobody reads those before the birth date is given.
        open_words = [
            words
            for one in self.texts
            for name, words in (self._typed(one) if fine else {}).items()
            if name != "medicines"
        ]
        found = telling_words(*open_words)
        if found and not self.version.cleaned_data.get("meant_so"):
            self.version.add_error(
                "meant_so",
                f"{listed(found)}: other people may see these words on the patient's screen. Change the texts, or tick "
                "this to keep them.",
            )
            return False
        return fine

    @property
    def asks_again(self) -> bool:
        """Whether the texts are to be meant so."""
        return "meant_so" in self.version.errors

    @staticmethod
    def _typed(form: TextsForm) -> dict[str, str]:
        # A browser sends line ends as CRLF.
        return {name: form.cleaned_data[name].strip().replace("\r\n", "\n") for name in TEXTS}

    @property
    def draft(self) -> Draft:
        """What was typed. Only when valid."""
        has_lists = self.version.has_series
        fields = self.version.values | {
            "checkin_list": _lines(self.checkin) if has_lists else [],
            "fitness_list": _lines(self.fitness) if has_lists else [],
        }
        texts = {form.language: self._typed(form) for form in self.texts}
        ladder = in_order(
            (row["kind"], row["days"], row["send_at"], row["when_close"])
            for row in _rows(self.ladder)
            if row.get("kind")
        )
        said = {key: words for key, words in texts.items() if any(words.values())}
        return Draft(fields, tuple(self._phases()), said, () if ladder == USUAL else ladder)

    def _phases(self) -> list[PhaseDraft]:
        """The phases typed, in their order; those struck out left out. Rows that cannot be read count as none."""
        rows: list[tuple[int, int, PhaseDraft]] = []
        for number, form in enumerate(self.phases.forms):
            if not form.is_valid() or form.cleaned_data.get("DELETE"):
                continue
            draft = form.draft
            if draft is not None:
                place = form.cleaned_data.get("ORDER")
                rows.append((place if place is not None else number + 1, number, draft))
        return [draft for _place, _number, draft in sorted(rows, key=lambda row: row[:2])]

    @property
    def drawing(self) -> Drawing | None:
        """The picture of what is typed, as far as it can be read."""
        if not self.phases.is_bound:
            return draw(self.start.phases, int(self.start.fields.get("turnover_minutes") or 0))
        self.version.is_valid()
        turnover = getattr(self.version, "cleaned_data", {}).get("turnover_minutes") or 0
        return draw(self._phases(), turnover)

    def refuse(self, error: Refused) -> None:
        """Show why the action refused."""
        if error.field in self.about.fields:
            self.about.add_error(error.field, error.message)
        else:
            self.version.refuse(error)

    @property
    def status(self) -> int:
        """422 when what was sent is refused."""
        return 422 if self.version.is_bound and any(_wrong(part) for part in self.parts) else 200


def _wrong(part: Any) -> bool:
    errors: Any = part.errors
    return any(errors) or bool(getattr(part, "non_form_errors", list)())


def _rows(formset: Any) -> list[dict[str, Any]]:
    return [form.cleaned_data for form in formset.forms if form.cleaned_data]


def _lines(formset: Any) -> list[dict[str, str]]:
    """Questions as the version keeps them; a missing language is left out."""
    return [
        {name: row[name].strip() for name in Language.values if row.get(name, "").strip()}
        for row in _rows(formset)
        if row.get("en", "").strip()
    ]


def empty_draft() -> Draft:
    """What a protocol that begins from nothing has: the defaults of its columns."""
    version = ProtocolVersion()
    return Draft({name: getattr(version, name) for name in content_fields()}, (), {})
