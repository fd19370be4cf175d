"""A new version of the screening questions. What was answered keeps the version that it answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale
from clinic.permissions import Permission
from patients.models import FlagKind, Questionnaire

#: Letters of a question's id, which is made from its English text.
ID_LENGTH = 40


@dataclass(frozen=True, slots=True)
class QuestionText:
    """One question as typed: its `id` (empty: a new one), English and Spanish, and the flag that a yes raises (empty:
    none)."""

    id: str
    english: str
    spanish: str
    flag: str = ""


@action
def publish_questionnaire(*, by: Actor, questions: Sequence[QuestionText], seen: int) -> Questionnaire:
    """Make these the current questions, as the next version. `seen`: the version that they were changed from.

    A question that keeps its id keeps its flag across versions; the flags of one that is left out stay until a doctor
    has decided. Only a doctor may. Raises NotAllowed; Stale when there is a newer version than `seen`; Refused for no
    question at all, a text that is missing, an unknown flag, or nothing that would change."""
    if not by.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(_("Only a doctor changes the screening questions. Nothing was changed."))
    current = Questionnaire.objects.select_for_update().get(is_current=True)
    if current.version != seen:
        raise Stale(
            _("Somebody has published version %(version)s meanwhile. Nothing was saved; what you typed is kept below.")
            % {"version": current.version}
        )
    wanted = _checked(questions)
    if wanted == current.questions:
        raise Refused(_("These are the questions of version %(version)s.") % {"version": current.version})
    Questionnaire.objects.filter(pk=current.pk).update(is_current=False)
    return Questionnaire.objects.create(version=current.version + 1, questions=wanted, is_current=True)


def _checked(questions: Sequence[QuestionText]) -> list[dict[str, object]]:
    if not questions:
        raise Refused(_("At least one question is needed. Nothing was saved."))
    taken = {one.id for one in questions if one.id}
    found: list[dict[str, object]] = []
    for number, one in enumerate(questions, start=1):
        english, spanish = " ".join(one.english.split()), " ".join(one.spanish.split())
        if not english or not spanish:
            raise Refused(
                _("Question %(number)s lacks its English or its Spanish. Nothing was saved.") % {"number": number}
            )
        if one.flag and one.flag not in FlagKind.values:
            raise Refused(_("Question %(number)s raises no known flag. Nothing was saved.") % {"number": number})
        name = one.id or _new_id(english, taken)
        taken.add(name)
        found.append({"id": name, "flag": one.flag or None, "text": {"en": english, "es": spanish}})
    return found


def _new_id(english: str, taken: set[str]) -> str:
    base = slugify(english)[:ID_LENGTH].strip("-") or "question"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
