"""What a manager types about a protocol: a form for its name, one for its version, and rows for what comes in lists."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from clinic.models import CHAIRS, Site
from patients.models import Language
from scheduling.actions.setup.protocols import NeedDraft, PhaseDraft, content_fields
from scheduling.desk.booking_forms import TimeField
from scheduling.messages.reminders import AFTER
from scheduling.models import Phase, PhaseNeed, Protocol, ProtocolVersion
from scheduling.setup.base_forms import SetupFields
from scheduling.setup.ladder import STEPS

Kind, Lane = PhaseNeed.Kind, PhaseNeed.Lane
#: What a phase may need of a nurse or a doctor: lanes joined by a plus, "alone" for hands that leave no watch.
NURSE = (
    ("", "no"),
    ("hands", "her hands"),
    ("alone", "her hands, watching nobody else"),
    ("presence", "on site"),
    ("hands+presence", "her hands, and one on site"),
    ("alone+presence", "her hands, watching nobody else, and one on site"),
)
DOCTOR = (
    ("", "no"),
    ("hands", "with the patient"),
    ("presence", "on site"),
    ("hands+presence", "with the patient, and one on site"),
)
#: So many places of a nurse's watch may one patient take: more is a slip of the finger.
MOST_UNITS = 8
#: The lists of a version that have rows of their own on the page.
IN_ROWS = frozenset({"checkin_list", "fitness_list"})
#: Whatever else a version says is a field of the page, new columns included.
CONTENT = [name for name in content_fields() if name not in IN_ROWS]
#: A doctor's own interval lies in the same range, in days (scheduling.models.BoosterPlan).
BOOSTER_DAYS = (7, 365)
PLACES = [(kind.value, kind.label) for kind in CHAIRS]
#: The groups of the page: legend, fields, whether only a series of visits has them.
GROUPS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    (
        "The series",
        ("route", "sessions", "min_gap_days", "ideal_gap_days", "max_gap_days", "window_days"),
        True,
    ),
    ("Boosters afterwards", ("booster_interval_days", "booster_tolerance_days"), True),
    ("What must be in place", ("needs_clearance", "needs_consent", "needs_ride"), False),
    ("Eating and drinking before", ("fasting_food_hours", "fasting_fluids_hours"), False),
)
#: What stands beside the phases.
OF_THE_CHAIR = ("chair_kinds", "turnover_minutes")
#: What stands beside the ladder.
OF_THE_LADDER = ("close_days",)
NO_SERIES: dict[str, Any] = {
    "route": ProtocolVersion.Route.NONE,
    "sessions": 1,
    "min_gap_days": 1,
    "ideal_gap_days": Decimal(1),
    "max_gap_days": 1,
    "window_days": 0,
    "booster_interval_days": None,
    "booster_tolerance_days": 3,
    "close_days": 3,
}


class ProtocolForm(forms.Form):
    """What it is called and where it is offered."""

    name = forms.CharField(label="Name", max_length=120, help_text="For staff only: no message carries it.")
    kind = forms.ChoiceField(label="What it is", choices=Protocol.Kind.choices, widget=forms.RadioSelect)
    sites = forms.ModelMultipleChoiceField(
        Site.objects.none(), label="Offered at", required=False, widget=forms.CheckboxSelectMultiple
    )
    is_active = forms.BooleanField(
        label="In use", required=False, initial=True, help_text="Out of use, it is offered to nobody new."
    )

    def __init__(self, *args: Any, sites: Sequence[Site], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["sites"]
        choices.queryset = Site.objects.filter(pk__in=[site.pk for site in sites])
        self.fields["name"].widget.attrs.update({"class": "form-control", "autocomplete": "off"})
        del self.fields["is_active" if is_new else "kind"]


class VersionForm(SetupFields, forms.ModelForm):  # type: ignore[type-arg]  # subscriptable for type checkers only
    """Everything of a version that is one value."""

    chair_kinds = forms.MultipleChoiceField(
        label="Chairs that will do",
        required=False,
        choices=PLACES,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any will do.",
    )
    meant_so = forms.BooleanField(label="The texts are meant so: save them all the same", required=False)

    class Meta:
        model = ProtocolVersion
        fields = CONTENT
        labels = {
            "sessions": "Visits in the series",
            "ideal_gap_days": "Days between visits, ideally",
            "needs_ride": "An adult must drive the patient home",
            "needs_clearance": "A doctor must have cleared the patient",
            "needs_consent": "A signed consent is needed",
            "close_days": "Close together: so many days apart, or fewer",
        }
        help_texts = {
            "min_gap_days": "Monday to Wednesday are 2.",
            "ideal_gap_days": "Twice a week is 3.5.",
            "window_days": "From the first visit to the last.",
            "booster_interval_days": "A doctor sets it anew for each patient. Empty: no boosters.",
            "fasting_food_hours": "Messages print the clock time, 3 a.m. say. Empty: nothing is said.",
            "turnover_minutes": "The chair is kept for so long after the patient.",
            "systolic_limit": "A reading above it stops the drip, not the series. Empty: no limit.",
            "diastolic_limit": "Where a pressure is limited, one is taken before each start.",
            "spo2_least": "A reading below it stops the drip. Empty: no limit.",
            "close_days": "Of two visits that are no further apart, only the ticked messages go out.",
            "reading_every_minutes": "The nurse's list says when one is due. Empty: nobody is reminded.",
        }

    def __init__(self, *args: Any, has_series: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_series = has_series
        if not has_series:
            for name in NO_SERIES:
                del self.fields[name]
        for field in self.fields.values():
            if isinstance(field.widget, forms.NumberInput):
                field.widget.attrs.update({"class": "form-control", "inputmode": "decimal"})
            elif isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "form-select"

    def _post_clean(self) -> None:
        """What the row itself complains of is said by the action, which has the whole of it."""

    def clean(self) -> dict[str, Any]:
        """Gaps in order, in words."""
        values: dict[str, Any] = super().clean() or {}
        least, ideal, most = (values.get(name) for name in ("min_gap_days", "ideal_gap_days", "max_gap_days"))
        if least is not None and most is not None and least > most:
            self.add_error("max_gap_days", "The most days between visits are fewer than the least.")
        elif least is not None and ideal is not None and most is not None and not least <= ideal <= most:
            self.add_error("ideal_gap_days", f"The ideal lies between {least} and {most}.")
        interval, tolerance = values.get("booster_interval_days"), values.get("booster_tolerance_days")
        if interval and not BOOSTER_DAYS[0] <= interval <= BOOSTER_DAYS[1]:
            self.add_error("booster_interval_days", "Between a week and a year: 7 to 365 days.")
        elif interval and tolerance is not None and tolerance >= interval:
            self.add_error("booster_tolerance_days", "Early or late by less than the days between boosters.")
        return values

    @property
    def values(self) -> dict[str, Any]:
        """Columns of the version. Only for a valid form."""
        given = {name: value for name, value in self.cleaned_data.items() if name in CONTENT}
        return given if self.has_series else given | NO_SERIES

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by legend; those that belong to no group stand in the last."""
        shown = {*OF_THE_CHAIR, *OF_THE_LADDER, "meant_so", "seen", "accepted", "reason"}
        found = []
        for legend, names, of_series in GROUPS:
            if not of_series or self.has_series:
                found.append((legend, [self[name] for name in names]))
            shown |= set(names)
        rest = [self[name] for name in self.fields if name not in shown]
        return [*found, ("Vital signs and recovery", rest)] if rest and self.has_series else found


class PhaseForm(forms.Form):
    """One phase; a row without minutes is none."""

    kind = forms.ChoiceField(label="Phase", choices=[("", "–"), *Phase.Kind.choices], required=False)  # noqa: RUF001 -- a dash for none
    minutes = forms.IntegerField(label="Minutes", min_value=5, max_value=720, required=False)
    chair = forms.BooleanField(label="Chair", required=False)
    nurse = forms.ChoiceField(label="Nurse", choices=NURSE, required=False)
    watch = forms.IntegerField(label="Of her watch", min_value=0, max_value=MOST_UNITS, required=False)
    doctor = forms.ChoiceField(label="Doctor", choices=DOCTOR, required=False)
    monitor = forms.BooleanField(label="Monitor", required=False)

    def clean(self) -> dict[str, Any]:
        """Either both or neither of phase and minutes."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("minutes") and not values.get("kind"):
            self.add_error("kind", "Which phase is it?")
        if values.get("kind") and not values.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", "How long does it take?")
        return values

    @property
    def draft(self) -> PhaseDraft | None:
        """The phase; None for an empty row. Only for a valid form."""
        values = self.cleaned_data
        if not values.get("kind") or not values.get("minutes"):
            return None
        needs = []
        if values["chair"]:
            needs.append(NeedDraft(Kind.CHAIR, Lane.WHOLE))
        if values["monitor"]:
            needs.append(NeedDraft(Kind.MONITOR, Lane.WHOLE))
        for kind in (Kind.DOCTOR, Kind.NURSE):
            for word in filter(None, values[kind].split("+")):
                alone = word == "alone"
                needs.append(NeedDraft(kind, Lane.HANDS if alone else word, alone=alone))
        if values["watch"]:
            needs.append(NeedDraft(Kind.NURSE, Lane.WATCH, values["watch"]))
        ordered = sorted(needs, key=lambda one: (one.kind, one.lane))
        return PhaseDraft(values["kind"], values["minutes"], tuple(ordered))


def row_of(phase: PhaseDraft) -> dict[str, Any]:
    """A phase as the initial values of its row."""
    row: dict[str, Any] = {"kind": phase.kind, "minutes": phase.minutes}
    of_kind: dict[str, set[str]] = {}
    for need in phase.needs:
        if need.kind in {Kind.CHAIR, Kind.MONITOR}:
            row[need.kind] = True
        elif need.lane == Lane.WATCH:
            row["watch"] = need.units
        else:
            of_kind.setdefault(need.kind, set()).add("alone" if need.alone else need.lane)
    # As the choices write it: hands before presence.
    return row | {kind: "+".join(sorted(words)) for kind, words in of_kind.items()}


class QuestionForm(forms.Form):
    """One line of a list, in both languages."""

    en = forms.CharField(label="English", max_length=200, required=False)
    es = forms.CharField(label="Spanish", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """English is what the nurse reads; Spanish may be missing."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("es") and not values.get("en"):
            self.add_error("en", "The nurse reads the English line.")
        return values


class LadderForm(forms.Form):
    """One message of the ladder."""

    kind = forms.ChoiceField(label="Message", required=False, choices=[("", "none"), *STEPS])
    days = forms.IntegerField(label="Days", min_value=0, max_value=60, required=False)
    send_at = TimeField(label="At", required=False)
    when_close = forms.BooleanField(label="Also when visits are close together", required=False)

    def clean(self) -> dict[str, Any]:
        """A message says how many days; a time may be missing."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("kind") and values.get("days") is None and "days" not in self.errors:
            self.add_error("days", "How many days?")
        if values.get("kind") in AFTER and values.get("days") == 0:
            self.add_error("days", "At least one day after.")
        return values


class TextsForm(forms.Form):
    """What a patient is told, in one language."""

    preparation = forms.CharField(label="How to prepare", max_length=1000, required=False, widget=forms.Textarea)
    medicines = forms.CharField(
        label="What to take, and what not", max_length=1000, required=False, widget=forms.Textarea
    )
    bring = forms.CharField(label="What to bring", max_length=500, required=False, widget=forms.Textarea)
    aftercare = forms.CharField(label="What to do afterwards", max_length=1000, required=False, widget=forms.Textarea)
    watch_for = forms.CharField(label="When to call us", max_length=600, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language = language
        self.label = Language(language).label
        for name, rows in (("preparation", 3), ("medicines", 3), ("bring", 2), ("aftercare", 3), ("watch_for", 2)):
            self.fields[name].widget.attrs.update({"rows": rows, "class": "form-control", "lang": language})
        self.fields[
            "preparation"
        ].help_text = "One step a line; it stands in every mail. The times of eating and drinking come by themselves."
        self.fields["medicines"].help_text = (
            "As the doctor words it. No mail has it: the patient reads it on the page, behind the birth date; it is "
            "said in a call, and stands in a letter."
        )
        self.fields["watch_for"].help_text = "After a visit: what to watch for. The telephone number comes by itself."


PhaseRows: Any = forms.formset_factory(PhaseForm, extra=2, can_delete=True, can_order=True, max_num=12)
QuestionRows: Any = forms.formset_factory(QuestionForm, extra=2, max_num=20)
LadderRows: Any = forms.formset_factory(LadderForm, extra=2, max_num=10)
