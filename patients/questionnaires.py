"""The questionnaires that patients answer about themselves, item by item, and how their totals are made.

- **Pain**: numeric rating scale, one item 0-10 (LOINC 72514-3).
- **FIQR**: Revised Fibromyalgia Impact Questionnaire, 21 items 0-10 about the last seven days. The nine of the first
  domain (function) are added and divided by 3, the two of the second (overall impact) are added as they are, the ten of
  the third (symptoms) are added and divided by 2; the total is the sum, 0-100 (Bennett et al. 2009, doi
  10.1186/ar2783).
- **PHQ-9**: nine items 0-3 about the last two weeks, added, 0-27; item 9 asks about thoughts of being better off dead
  or of hurting oneself (Kroenke, Spitzer, Williams 2001, doi 10.1046/j.1525-1497.2001.016009606.x). No permission is
  needed to reproduce it. Its Spanish is the one in use in the United States.

All items are asked for. Only the FIQR has a rule for items left out (the sum of those answered, weighted by 9/x, 2/x or
10/x: myalgia.com/FIQR/Scoring.htm, for paper); where the program asks, nothing has to be weighted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from patients.models import Measure

Words = dict[str, str]
"""A text by language, "en" and "es"."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `low` and `high` are what the ends of its scale mean, where they are named."""

    text: Words
    low: Words | None = None
    high: Words | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that stand under one heading; the sum of their answers is divided by `divisor`."""

    intro: Words
    items: tuple[Item, ...]
    divisor: int = 1


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire: answers run from 0 to `most`; `choices` are their words where they have any."""

    measure: Measure
    title: Words
    parts: tuple[Part, ...]
    most: int
    choices: tuple[Words, ...] = ()

    @property
    def count(self) -> int:
        """How many items it has."""
        return sum(len(part.items) for part in self.parts)

    def total(self, items: Sequence[int]) -> Decimal:
        """The score of these answers, in order; to two decimals. Raises ValueError unless each item has an answer in
        range.
        """
        if len(items) != self.count or not all(0 <= item <= self.most for item in items):
            raise ValueError(f"{self.count} answers from 0 to {self.most} are needed")
        found, place = Decimal(0), 0
        for part in self.parts:
            found += Decimal(sum(items[place : place + len(part.items)])) / part.divisor
            place += len(part.items)
        return found.quantize(Decimal("0.01"))


def _w(en: str, es: str) -> Words:
    return {"en": en, "es": es}


def _item(en: str, es: str, low: Words | None = None, high: Words | None = None) -> Item:
    return Item(_w(en, es), low, high)


_EASY, _HARD = _w("no difficulty", "sin dificultad"), _w("very difficult", "muy difícil")
_NEVER, _ALWAYS = _w("never", "nunca"), _w("always", "siempre")

PAIN = Instrument(
    measure=Measure.PAIN,
    title=_w("Pain", "Dolor"),
    parts=(
        Part(
            intro=_w("Choose a number.", "Elija un número."),
            items=(
                _item(
                    "How strong is your pain today?",
                    "¿Qué tan fuerte es su dolor hoy?",
                    _w("no pain", "sin dolor"),
                    _w("the worst pain you can imagine", "el peor dolor que pueda imaginar"),
                ),
            ),
        ),
    ),
    most=10,
)

FIQR = Instrument(
    measure=Measure.FIQR,
    title=_w("How fibromyalgia affects you (FIQR)", "Cómo le afecta la fibromialgia (FIQR)"),
    parts=(
        Part(
            intro=_w(
                "How difficult were these activities for you over the last 7 days? If you did not do one of them, "
                "answer for the last time you did. If you cannot do it, choose 10.",
                "¿Qué tan difíciles le resultaron estas actividades en los últimos 7 días? Si no hizo alguna, responda "
                "por la última vez que la hizo. Si no puede hacerla, elija 10.",
            ),
            items=tuple(
                _item(en, es, _EASY, _HARD)
                for en, es in (
                    ("Brush or comb your hair", "Cepillarse o peinarse el pelo"),
                    ("Walk continuously for 20 minutes", "Caminar 20 minutos seguidos"),
                    ("Prepare a homemade meal", "Preparar una comida casera"),
                    ("Vacuum, scrub or sweep floors", "Aspirar, fregar o barrer el suelo"),
                    ("Lift and carry a bag full of groceries", "Levantar y llevar una bolsa llena de compras"),
                    ("Climb one flight of stairs", "Subir un tramo de escaleras"),
                    ("Change bed sheets", "Cambiar las sábanas"),
                    ("Sit in a chair for 45 minutes", "Estar sentado en una silla 45 minutos"),
                    ("Go shopping for groceries", "Ir a hacer la compra"),
                )
            ),
            divisor=3,
        ),
        Part(
            intro=_w("How true was this over the last 7 days?", "¿Qué tan cierto fue esto en los últimos 7 días?"),
            items=(
                _item(
                    "Fibromyalgia prevented me from accomplishing goals for the week",
                    "La fibromialgia me impidió alcanzar mis metas de la semana",
                    _NEVER,
                    _ALWAYS,
                ),
                _item(
                    "I was completely overwhelmed by my fibromyalgia symptoms",
                    "Los síntomas de la fibromialgia me sobrepasaron por completo",
                    _NEVER,
                    _ALWAYS,
                ),
            ),
        ),
        Part(
            intro=_w(
                "How strong was each of these over the last 7 days?",
                "¿Qué tan fuerte fue cada uno de estos en los últimos 7 días?",
            ),
            items=(
                _item("Pain", "Dolor", _w("no pain", "sin dolor"), _w("unbearable", "insoportable")),
                _item("Energy", "Energía", _w("lots of energy", "mucha energía"), _w("no energy", "sin energía")),
                _item("Stiffness", "Rigidez", _w("no stiffness", "sin rigidez"), _w("severe", "rigidez intensa")),
                _item(
                    "Quality of your sleep",
                    "Calidad de su sueño",
                    _w("awoke well rested", "desperté descansado"),
                    _w("awoke very tired", "desperté muy cansado"),
                ),
                _item("Depression", "Depresión", _w("none", "ninguna"), _w("very depressed", "muy deprimido")),
                _item("Memory", "Memoria", _w("good memory", "buena memoria"), _w("very poor", "muy mala")),
                _item("Anxiety", "Ansiedad", _w("not anxious", "sin ansiedad"), _w("very anxious", "mucha ansiedad")),
                _item(
                    "Tenderness to touch", "Dolor al tacto", _w("none", "ninguno"), _w("very tender", "muy sensible")
                ),
                _item("Balance problems", "Problemas de equilibrio", _w("none", "ninguno"), _w("severe", "graves")),
                _item(
                    "Sensitivity to loud noises, bright lights, odors and cold",
                    "Sensibilidad a ruidos fuertes, luces intensas, olores y frío",
                    _w("none", "ninguna"),
                    _w("extreme", "extrema"),
                ),
            ),
            divisor=2,
        ),
    ),
    most=10,
)

PHQ9 = Instrument(
    measure=Measure.PHQ9,
    title=_w("How you have felt (PHQ-9)", "Cómo se ha sentido (PHQ-9)"),
    parts=(
        Part(
            intro=_w(
                "Over the last 2 weeks, how often have you been bothered by any of the following problems?",
                "Durante las últimas 2 semanas, ¿qué tan seguido le han afectado cualquiera de los siguientes "
                "problemas?",
            ),
            items=tuple(
                _item(en, es)
                for en, es in (
                    ("Little interest or pleasure in doing things", "Poco interés o placer en hacer las cosas"),
                    (
                        "Feeling down, depressed, or hopeless",
                        "Se ha sentido decaído(a), deprimido(a) o sin esperanzas",
                    ),
                    (
                        "Trouble falling or staying asleep, or sleeping too much",
                        "Dificultad para dormir o permanecer dormido(a), o ha dormido demasiado",
                    ),
                    ("Feeling tired or having little energy", "Se ha sentido cansado(a) o con poca energía"),
                    ("Poor appetite or overeating", "Con poco apetito o ha comido en exceso"),
                    (
                        "Feeling bad about yourself — or that you are a failure or have let yourself or your family "
                        "down",
                        "Se ha sentido mal con usted mismo(a) — o que es un fracaso o que ha quedado mal con usted "
                        "mismo(a) o con su familia",
                    ),
                    (
                        "Trouble concentrating on things, such as reading the newspaper or watching television",
                        "Ha tenido dificultad para concentrarse en cosas tales como leer el periódico o ver televisión",
                    ),
                    (
                        "Moving or speaking so slowly that other people could have noticed? Or the opposite — being so "
                        "fidgety or restless that you have been moving around a lot more than usual",
                        "¿Se ha estado moviendo o hablando tan lento que otras personas podrían notarlo? O por el "
                        "contrario — ha estado tan inquieto(a) o agitado(a), que se ha estado moviendo mucho más de lo "
                        "normal",
                    ),
                    (
                        "Thoughts that you would be better off dead or of hurting yourself in some way",
                        "Ha pensado que estaría mejor muerto(a) o se le ha ocurrido lastimarse de alguna manera",
                    ),
                )
            ),
        ),
    ),
    most=3,
    choices=(
        _w("Not at all", "Ningún día"),
        _w("Several days", "Varios días"),
        _w("More than half the days", "Más de la mitad de los días"),
        _w("Nearly every day", "Casi todos los días"),
    ),
)

#: The place of PHQ-9's item 9 among its answers.
SELF_HARM = 8
INSTRUMENTS = {one.measure: one for one in (PAIN, FIQR, PHQ9)}


def asks_for_help(measure: str, items: Sequence[int]) -> bool:
    """Whether these answers say that somebody thinks of being dead or of hurting themselves: PHQ-9's item 9 above
    zero, whatever the total.
    """
    return measure == Measure.PHQ9 and len(items) > SELF_HARM and items[SELF_HARM] > 0


def cannot_do_without_item_nine(total: Decimal) -> bool:
    """Whether a PHQ-9 total is higher than the other eight items can make it (8 x 3), so that item 9 is above zero."""
    return total > (PHQ9.count - 1) * PHQ9.most
