"""The demo's protocols: two consults and four courses, with the defaults that domain.md takes from the literature."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from clinic import clock
from clinic.models import Site
from scheduling.demo.chairside import LIMITS
from scheduling.models import Phase, PhaseNeed, Protocol, ProtocolText, ProtocolVersion

Need = tuple[str, str, int]
CHAIR: Need = ("chair", "whole", 1)
HANDS: Need = ("nurse", "hands", 1)
WATCH: Need = ("nurse", "watch", 1)
WATCH_TWO: Need = ("nurse", "watch", 2)
DOCTOR: Need = ("doctor", "hands", 1)
DOCTOR_ON_SITE: Need = ("doctor", "presence", 1)

CHECKIN = [
    {
        "en": "Anything to eat or drink since the times in the message?",
        "es": "¿Ha comido o bebido algo después de las horas indicadas en el mensaje?",
    },
    {"en": "Any new medicine since the last visit?", "es": "¿Algún medicamento nuevo desde la última visita?"},
    {"en": "Feeling ill today?", "es": "¿Se siente mal hoy?"},
    {"en": "Any chance of being pregnant?", "es": "¿Podría estar embarazada?"},
]
FITNESS = [
    {"en": "Awake and knows where he or she is", "es": "Despierto y orientado"},
    {"en": "Walks steadily", "es": "Camina con seguridad"},
    {"en": "Blood pressure near the reading before", "es": "Presión arterial cercana a la inicial"},
    {"en": "No nausea that keeps from traveling", "es": "Sin náuseas que impidan el viaje"},
]
TEXTS = {
    "en": {
        "preparation": "Wear comfortable clothes.",
        "medicines": "Take your usual medicines unless your doctor has told you otherwise.",
        "bring": "Headphones and music, a list of your medicines, and a warm layer.",
        "aftercare": "Rest today. Until tomorrow do not use machines or sign anything important.",
        "watch_for": "If you are sick more than once, feel faint or confused, or have a headache that does not pass. "
        "Feeling tired or a little dizzy today is normal.",
    },
    "es": {
        "preparation": "Lleve ropa cómoda.",
        "medicines": "Tome sus medicamentos habituales, salvo que su médico le haya indicado otra cosa.",
        "bring": "Auriculares y música, una lista de sus medicamentos y una prenda de abrigo.",
        "aftercare": "Descanse hoy. Hasta mañana no use máquinas ni firme nada importante.",
        "watch_for": "Si vomita más de una vez, siente que se va a desmayar, tiene confusión o le duele la cabeza y no "
        "se le pasa. Hoy es normal tener cansancio o un leve mareo.",
    },
}
CONSULT_TEXTS = {
    "en": {
        "preparation": "",
        "bring": "A list of your medicines, and of what you have tried so far.",
        "aftercare": "",
    },
    "es": {
        "preparation": "",
        "bring": "Una lista de sus medicamentos y de lo que ha probado hasta ahora.",
        "aftercare": "",
    },
}


@dataclass(frozen=True, slots=True)
class Course:
    """One protocol to make: its phases as (kind, minutes, needs), and the fields of its first version."""

    name: str
    kind: str
    phases: tuple[tuple[str, int, tuple[Need, ...]], ...]
    fields: dict[str, object] = field(default_factory=dict)
    is_follow_up: bool = False


def _infusion(
    minutes: int, recovery: int, *, extra: tuple[Need, ...] = ()
) -> tuple[tuple[str, int, tuple[Need, ...]], ...]:
    return (
        ("prepare", 15, (CHAIR, HANDS, WATCH)),
        ("infuse", minutes, (CHAIR, WATCH_TWO, *extra)),
        ("recover", recovery, (CHAIR, WATCH)),
    )


CONSULT_FIELDS: dict[str, object] = {"needs_ride": False, "needs_clearance": False, "needs_consent": False}
CHAIRS: dict[str, object] = {"chair_kinds": ["recliner", "bed"], "turnover_minutes": 10, **LIMITS}
FASTING = {"fasting_food_hours": 6, "fasting_fluids_hours": 2}

COURSES = (
    Course("First consult", "consult", (("talk", 45, (DOCTOR,)),), CONSULT_FIELDS),
    Course("Follow-up consult", "consult", (("talk", 20, (DOCTOR,)),), CONSULT_FIELDS, is_follow_up=True),
    # On average six infusions over two or three weeks; twice a week for three weeks: PMID 32871698.
    Course(
        "Fibromyalgia, six intravenous",
        "infusion",
        _infusion(40, 60),
        {
            "route": "iv",
            "sessions": 6,
            "min_gap_days": 2,
            "ideal_gap_days": Decimal("3.5"),
            "max_gap_days": 5,
            "window_days": 20,
            "booster_interval_days": 21,
            "booster_tolerance_days": 4,
            **CHAIRS,
            **FASTING,
        },
    ),
    # Monday, Wednesday, Friday for two weeks: PMID 30922101.
    Course(
        "Depression, six intravenous",
        "infusion",
        _infusion(40, 60),
        {
            "route": "iv",
            "sessions": 6,
            "min_gap_days": 2,
            "ideal_gap_days": Decimal("2.33"),
            "max_gap_days": 4,
            "window_days": 16,
            "booster_interval_days": 28,
            "booster_tolerance_days": 5,
            **CHAIRS,
            **FASTING,
        },
    ),
    # One shot, up to 40 minutes of effect.
    Course(
        "Single intramuscular",
        "infusion",
        (
            ("prepare", 15, (CHAIR, HANDS, WATCH)),
            ("infuse", 10, (CHAIR, HANDS, WATCH)),
            ("recover", 45, (CHAIR, WATCH)),
        ),
        {
            "route": "im",
            "sessions": 1,
            "window_days": 0,
            "booster_interval_days": 28,
            "booster_tolerance_days": 7,
            **CHAIRS,
            **FASTING,
        },
    ),
    # Four hours a day for ten days (CRPS); a doctor is on site throughout.
    Course(
        "Pain, four hours on ten days",
        "infusion",
        _infusion(240, 60, extra=(DOCTOR_ON_SITE,)),
        {
            "route": "iv",
            "sessions": 10,
            "min_gap_days": 1,
            "ideal_gap_days": Decimal("1.4"),
            "max_gap_days": 4,
            "window_days": 16,
            "booster_interval_days": 42,
            "booster_tolerance_days": 7,
            **CHAIRS,
            **FASTING,
        },
    ),
)


def make_protocols(sites: Iterable[Site]) -> dict[str, ProtocolVersion]:
    """All of COURSES, offered at every site; returns the first version of each by name."""
    return {course.name: _make(course, list(sites)) for course in COURSES}


def _make(course: Course, sites: list[Site]) -> ProtocolVersion:
    protocol = Protocol.objects.create(name=course.name, kind=course.kind, is_follow_up=course.is_follow_up)
    protocol.sites.set(sites)
    treats = course.kind == Protocol.Kind.INFUSION
    lists = {"checkin_list": CHECKIN, "fitness_list": FITNESS} if treats else {}
    version = ProtocolVersion.objects.create(
        protocol=protocol, number=1, created_at=clock.now(), **lists, **course.fields
    )
    for position, (kind, minutes, needs) in enumerate(course.phases):
        phase = Phase.objects.create(version=version, position=position, kind=kind, minutes=minutes)
        PhaseNeed.objects.bulk_create(
            PhaseNeed(phase=phase, kind=kind_, lane=lane, units=units) for kind_, lane, units in needs
        )
    for language, texts in (TEXTS if treats else CONSULT_TEXTS).items():
        ProtocolText.objects.create(version=version, language=language, **texts)
    return version
