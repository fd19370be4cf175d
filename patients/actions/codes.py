"""The table of codes that raise flags. What was found before it changed is looked at again."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from clinic import locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients import flags
from patients.models import Condition, Flag, FlagCode, FlagKind, Screening


@action
def add_flag_code(
    *,
    by: Actor,
    code: str,
    display: str,
    kind: str,
    system: str = "http://snomed.info/sct",
    when_resolved: bool = False,
) -> FlagCode:
    """Add a code to the table (or change what it means), and look again at every condition already imported with it, or
    at the last answers of every patient who named that medicine.

    Only a doctor may. Raises NotAllowed, and Refused for an empty code or meaning or an unknown kind of flag.
    """
    _only_a_doctor(by)
    system, code, display = system.strip(), code.strip(), display.strip()
    if not code or not display:
        raise Refused(
            _("A code needs its meaning in words. Nothing was saved; fill in both."),
            field="display" if code else "code",
        )
    if kind not in FlagKind.values:
        raise Refused(_("Choose which flag the code raises. Nothing was saved."), field="kind")
    if system == FlagCode.MEDICINE:
        code = code.casefold()
        if not flags.is_one_word(code):
            raise Refused(
                _("A medicine is known by one word, as in “tramadol”. Nothing was saved; write its name alone."),
                field="code",
            )
    again = _concerned(system, code)
    row, _is_new = FlagCode.objects.update_or_create(
        system=system, code=code, defaults={"display": display, "kind": kind, "when_resolved": when_resolved}
    )
    again()
    return row


@action
def remove_flag_code(*, by: Actor, row: FlagCode) -> None:
    """Take a code out of the table: the flags that it raised are withdrawn. The audit trail keeps it.

    Only a doctor may. Raises NotAllowed.
    """
    _only_a_doctor(by)
    again = _concerned(row.system, row.code)
    FlagCode.objects.filter(pk=row.pk).delete()
    again()


def _only_a_doctor(by: Actor) -> None:
    if not by.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(_("Only a doctor may change the table of codes. Nothing was changed."))


def _concerned(system: str, code: str) -> Callable[[], None]:
    """Lock the patients of whom something was found with the code; what is returned looks at it again."""
    if system == FlagCode.MEDICINE:
        return _who_named(code)
    conditions = Condition.objects.filter(system=system, code=code).order_by("patient_id", "pk")
    _lock(conditions.values_list("patient_id", flat=True))

    def look() -> None:
        codes = flags.codes_by_key(FlagCode.objects.filter(system=system, code=code))
        for condition in conditions.select_related("patient"):
            flags.judge_condition(condition.patient, condition, codes)

    return look


def _who_named(medicine: str) -> Callable[[], None]:
    """The same of the last answers of each patient. A flag of another kind than the table has now is withdrawn."""
    last = Screening.objects.order_by("patient_id", "-answered_at").distinct("patient_id")
    named = Screening.objects.filter(pk__in=last.values("pk"), medicines__icontains=medicine).order_by("patient_id")
    _lock(named.values_list("patient_id", flat=True))

    def look() -> None:
        row = FlagCode.objects.filter(system=FlagCode.MEDICINE, code=medicine).first()
        raised = Flag.objects.filter(source_id=f"{flags.MEDICINE}{medicine}", withdrawn_at=None)
        for screening in named.select_related("patient"):
            flags.withdraw(raised.filter(patient=screening.patient).exclude(kind=row.kind if row else ""))
            flags.judge_medicines(screening)

    return look


def _lock(patients: Iterable[UUID]) -> None:
    locks.take([locks.patient(pk) for pk in patients])
