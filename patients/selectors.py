"""What others ask about a patient: whether he or she may be treated on a day, and what stands against it."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from clinic import clock
from clinic.statements import Statement
from patients.models import Clearance, Consent, Contact, Flag, Measure, Observation, Patient, ScoreSheet

#: An adult: may decide and sign for himself.
ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class Standing:
    """How a patient stands on one day (local date of the site).

    `clearance` and `consent` are those valid on that day, `latest` the newest decision whatever it says, `open_flags`
    those found since a doctor last decided, and `reasons_against` a sentence for each thing that forbids treatment on
    that day (empty: none does)."""

    clearance: Clearance | None
    latest: Clearance | None
    consent: Consent | None
    open_flags: list[Flag]
    reasons_against: list[str]


def standing(patient: Patient, on: date) -> Standing:
    """The patient's standing on `on`. Four queries, five for a minor."""
    latest = latest_clearance(patient)
    valid = latest if covers(latest, on) else None
    consent = (
        Consent.objects.filter(patient=patient, withdrawn_at=None, valid_until__gte=on)
        .order_by("-valid_until", "-signed_at")
        .first()
    )
    flags = open_flags(patient)
    reasons = [
        *_who_is_against(patient, on),
        *_clearance_against(latest, valid),
        *([_("New findings wait for a doctor's decision.")] if flags else []),
        *([] if consent else [_("No signed consent is valid on that day.")]),
    ]
    return Standing(clearance=valid, latest=latest, consent=consent, open_flags=flags, reasons_against=reasons)


def valid_clearance(patient: Patient, on: date) -> Clearance | None:
    """The newest decision, when it is a yes that reaches to `on` (local date of the site). One query."""
    latest = latest_clearance(patient)
    return latest if covers(latest, on) else None


def latest_clearance(patient: Patient) -> Clearance | None:
    """The decision that stands for the patient now; None when there is none yet. One query."""
    return next(iter(_LATEST.instances(Clearance, patient.pk)), None)


_LATEST = Statement(lambda patient: Clearance.objects.filter(patient=patient).order_by("-decided_at")[:1], 1)


def covers(latest: Clearance | None, on: date) -> bool:
    """Whether the newest decision is a yes that reaches to that day."""
    return bool(latest is not None and latest.is_yes and latest.valid_until and latest.valid_until >= on)


def open_flags(patient: Patient) -> list[Flag]:
    """Flags that no doctor has decided about yet."""
    return list(Flag.objects.filter(patient=patient, decided_in=None, withdrawn_at=None))


def _who_is_against(patient: Patient, on: date) -> list[str]:
    if patient.deceased_at is not None:
        return [_("The patient has died.")]
    if not patient.is_active:
        return [_("The patient is no longer in care here.")]
    if is_minor(patient, on) and not has_guardian(patient):
        return [_("The patient is under 18 and no contact may decide for them.")]
    return []


def _clearance_against(latest: Clearance | None, valid: Clearance | None) -> list[str]:
    if valid is not None:
        waits = _("A letter from %(whom)s is still to come.") % {"whom": valid.letter_from}
        return [waits] if valid.waits_for_a_letter else []
    if latest is None:
        return [_("No doctor has cleared the patient yet.")]
    if latest.is_yes:
        return [_("The clearance does not reach to that day.")]
    return [
        {
            Clearance.Decision.MORE: _("The doctor needs more information before clearing the patient."),
            Clearance.Decision.REFUSED: _("A doctor has refused the treatment."),
            Clearance.Decision.SUSPENDED: _("A doctor has suspended the treatment."),
        }[Clearance.Decision(latest.decision)]
    ]


def age_on(birth_date: date, on: date) -> int:
    """Completed years on a day. Somebody born on 29 February turns older on 1 March."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def is_minor(patient: Patient, on: date) -> bool:
    """Whether the patient is under 18 on that day."""
    return age_on(patient.birth_date, on) < ADULT_YEARS


def minors(on: date, prefix: str = "") -> Q:
    """The same of many: those who are under 18 on that day. `prefix` leads to the patient ("patient__")."""
    # Born on the same day of the year, a 29 February with the day before.
    day = (on.month, on.day) if (on.month, on.day) != (2, 29) else (2, 28)
    return Q(**{f"{prefix}birth_date__gt": date(on.year - ADULT_YEARS, *day)})


def deciders(patient: Patient) -> QuerySet[Contact]:
    """The adult contacts who may decide for the patient."""
    return patient.contacts.filter(may_decide=True, is_adult=True, is_active=True)


def signers(patient: Patient) -> list[Contact]:
    """Who may decide and sign for the patient, without those who say that they are the wrong person."""
    return list(deciders(patient).filter(stopped_at=None))


def guardian_of(patient: Patient) -> Contact | None:
    """Who decides for the patient and is told in the patient's stead: of several, one who can be reached, by name."""
    return min(signers(patient), key=lambda one: (not (one.email or one.phone), one.name), default=None)


def guardian_of_each() -> Subquery:
    """The id of the same contact beside each row that has a `patient`: for the query of many."""
    nowhere = Case(When(email="", phone="", then=1), default=0)
    may = Contact.objects.filter(may_decide=True, is_adult=True, is_active=True, stopped_at=None)
    return Subquery(may.filter(patient=OuterRef("patient")).order_by(nowhere, "name").values("pk")[:1])


def who_is_told(patient: Patient) -> Patient | Contact:
    """Whom messages to the patient go to: for somebody under 18 the guardian. One query for a minor, else none."""
    if not is_minor(patient, clock.now().date()):
        return patient
    return guardian_of(patient) or patient


def has_guardian(patient: Patient) -> bool:
    """Whether an adult contact may decide for the patient."""
    return deciders(patient).exists()


def home_zone(patient: Patient) -> ZoneInfo:
    """The zone of the patient's first site by name, for someone who comes to one: only a site makes a patient visible.
    No query where the sites were read with the patient.
    """
    return next(site.zone for site in patient.sites.all())


def totals_without_answers() -> QuerySet[Observation]:
    """The newest PHQ-9 of each patient who has only its total, above zero: imported or typed, so that nobody knows the
    answer to item 9.
    """
    same = {"patient": OuterRef("patient"), "measure": Measure.PHQ9}
    newest = Observation.objects.filter(**same).order_by("-effective_at").values("effective_at")[:1]
    answers = ScoreSheet.objects.filter(**same, answered_at=OuterRef("effective_at"))
    totals = Observation.objects.filter(measure=Measure.PHQ9, value__gt=0, effective_at=Subquery(newest))
    return totals.exclude(Exists(answers))
