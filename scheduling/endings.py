"""The table of endings: what each means for the visit, the series, the holds and the people to tell (domain.md,
"Endings of a visit").

The one rule about counting: an infusion counts toward the series when its drip was started, since a dose was then
given, and a dose more than the doctor ordered must never come from bookkeeping. A doctor who wants another one after a
visit stopped early adds it.
"""

from dataclasses import dataclass

from scheduling.models import Appointment, Ending

Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class EndingRule:
    """What one ending demands and does.

    `after_start`: True where it can only follow a started drip, False where only a drip that never started, None where
    either. `hands_over`: the patient leaves as discharged, so somebody adult must be named. `tells_doctor`: a doctor
    must have been told. `aftercare`: the patient is sent what to do afterwards (who left alone is called instead).
    `why` explains, to the person who chooses, what counts and why.
    """

    status: Appointment.Status
    why: str
    after_start: bool | None = None
    hands_over: bool = False
    tells_doctor: bool = False
    aftercare: bool = False


_NOT_TREATED = "Does not count toward the series: no dose was given."
_TREATED = "Counts toward the series: the drip was started."

RULES: dict[Ending, EndingRule] = {
    Ending.COMPLETED: EndingRule(
        Status.FULFILLED,
        "Counts toward the series: the whole dose was given.",
        after_start=True,
        hands_over=True,
        aftercare=True,
    ),
    Ending.STOPPED_EARLY: EndingRule(
        Status.FULFILLED,
        "Counts toward the series: a part of the dose was given. A doctor may add another infusion.",
        after_start=True,
        hands_over=True,
        aftercare=True,
    ),
    Ending.NOT_TREATED_PRESSURE: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.NOT_TREATED_ATE: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.NOT_TREATED_ILL: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.NOT_TREATED_NO_RIDE: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.NOT_TREATED_NO_CONSENT: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.NOT_TREATED_CLINIC: EndingRule(Status.FULFILLED, _NOT_TREATED, after_start=False),
    Ending.LEFT_AGAINST_ADVICE: EndingRule(
        Status.FULFILLED,
        "Counts toward the series if the drip was started. A doctor must have been told, and a follow-up call is due.",
        tells_doctor=True,
    ),
    Ending.HOSPITAL: EndingRule(
        Status.FULFILLED,
        "Counts toward the series if the drip was started. Say in the note where the patient was taken.",
    ),
    Ending.NO_SHOW: EndingRule(
        Status.NOSHOW, "Does not count toward the series: the patient did not come.", after_start=False
    ),
    Ending.CANCELLED: EndingRule(
        Status.CANCELLED, "Does not count toward the series: the visit was called off.", after_start=False
    ),
}

#: The endings that a nurse chooses on the endings form; the others have their own ways (discharge, no-show,
#: cancelling).
WITHOUT_DISCHARGE: tuple[Ending, ...] = (
    Ending.NOT_TREATED_PRESSURE,
    Ending.NOT_TREATED_ATE,
    Ending.NOT_TREATED_ILL,
    Ending.NOT_TREATED_NO_RIDE,
    Ending.NOT_TREATED_NO_CONSENT,
    Ending.NOT_TREATED_CLINIC,
    Ending.LEFT_AGAINST_ADVICE,
    Ending.HOSPITAL,
)

#: The endings with which a patient leaves as discharged.
DISCHARGED: tuple[Ending, ...] = (Ending.COMPLETED, Ending.STOPPED_EARLY)


def meaning(ending: Ending, *, counted: bool) -> str:
    """What an ending meant for the series of the visit that had it: of one that may follow a start or not, what was."""
    rule = RULES[ending]
    if rule.status != Status.FULFILLED or rule.after_start is not None:
        return rule.why
    return _TREATED if counted else _NOT_TREATED


def counts(appointment: Appointment, *, started: bool) -> bool | None:
    """Whether a visit that has just ended counts toward its series; None for a consult, which belongs to none.

    `started`: whether the drip (or injection) was begun.
    """
    return None if appointment.series_id is None else started
