"""The demo's patients: invented people, each at one stage of the journey."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from scheduling.demo.places import HARBOR, MESA


class Stage(Enum):
    """How far a patient has come."""

    NEW = auto()
    CONSULT_AHEAD = auto()
    AWAITING_CLEARANCE = auto()
    HELD = auto()
    CLEARED = auto()
    INDUCTION = auto()
    TO_DECIDE = auto()
    MAINTENANCE = auto()
    STOPPED = auto()
    REFUSED = auto()


FIBROMYALGIA = "Fibromyalgia, six intravenous"
DEPRESSION = "Depression, six intravenous"
SHOT = "Single intramuscular"
CRPS = "Pain, four hours on ten days"


@dataclass(frozen=True, slots=True)
class Role:
    """One patient of the demo. `companion` is who usually drives; empty where nobody is known yet."""

    given: str
    family: str
    born: date
    sex: str
    stage: Stage
    site: str = HARBOR
    course: str = FIBROMYALGIA
    mail: bool = True
    language: str = "en"
    companion: str = ""
    interpreter: str = ""
    #: Answers of the screening that are not "no".
    yes: tuple[str, ...] = ()


CAST = (
    Role("Alma", "Whitfield", date(1971, 3, 4), "female", Stage.NEW),
    Role("Dario", "Benítez", date(1988, 11, 20), "male", Stage.NEW, MESA, language="es", mail=False),
    Role("Joan", "Pruitt", date(1964, 6, 30), "female", Stage.CONSULT_AHEAD, mail=False),
    Role("Kofi", "Mensah", date(1979, 1, 12), "male", Stage.CONSULT_AHEAD, MESA),
    Role("Teresa", "Okonkwo", date(1990, 9, 2), "female", Stage.CONSULT_AHEAD),
    Role("Walter", "Lindgren", date(1955, 12, 8), "male", Stage.AWAITING_CLEARANCE, yes=("blood_pressure", "heart")),
    Role("Imani", "Reyes", date(1984, 4, 17), "female", Stage.AWAITING_CLEARANCE, MESA, DEPRESSION, yes=("thyroid",)),
    Role("Greta", "Solberg", date(1977, 7, 23), "female", Stage.HELD, course=DEPRESSION, companion="Nils Solberg"),
    Role(
        "Marcus",
        "Adeyemi",
        date(1969, 2, 14),
        "male",
        Stage.CLEARED,
        companion="Ruth Adeyemi",
        yes=("blood_pressure",),
    ),
    Role(
        "Pilar",
        "Navarro",
        date(1981, 10, 5),
        "female",
        Stage.CLEARED,
        MESA,
        SHOT,
        language="es",
        companion="Jorge Navarro",
    ),
    Role("Beth", "Carmody", date(1973, 5, 9), "female", Stage.INDUCTION, companion="Sam Carmody"),
    Role(
        "Luis",
        "Ortega",
        date(1986, 8, 28),
        "male",
        Stage.INDUCTION,
        course=DEPRESSION,
        mail=False,
        language="es",
        companion="Rosa Ortega",
    ),
    Role("Hannelore", "Voss", date(1958, 1, 31), "female", Stage.INDUCTION, companion="Petra Voss"),
    Role("Desmond", "Clarke", date(1992, 3, 19), "male", Stage.INDUCTION, course=DEPRESSION),
    Role("Ayesha", "Rahman", date(1980, 12, 25), "female", Stage.INDUCTION, MESA, companion="Imran Rahman"),
    Role("Noel", "Fitzgerald", date(1967, 6, 11), "male", Stage.INDUCTION, MESA, CRPS, companion="Una Fitzgerald"),
    Role("Sofia", "Marchetti", date(1995, 2, 2), "female", Stage.INDUCTION, MESA, DEPRESSION, mail=False),
    Role("Elaine", "Baptiste", date(1976, 9, 15), "female", Stage.TO_DECIDE, companion="Andre Baptiste"),
    Role("Victor", "Hale", date(1962, 11, 3), "male", Stage.TO_DECIDE, MESA, DEPRESSION, companion="Joy Hale"),
    Role("Ruth", "Abernathy", date(1959, 4, 22), "female", Stage.MAINTENANCE, companion="Carl Abernathy"),
    Role("Samuel", "Park", date(1983, 7, 7), "male", Stage.MAINTENANCE, course=DEPRESSION, companion="Grace Park"),
    Role(
        "Yolanda",
        "Cruz",
        date(1970, 10, 29),
        "female",
        Stage.MAINTENANCE,
        MESA,
        language="es",
        mail=False,
        companion="Mateo Cruz",
    ),
    Role(
        "Piotr",
        "Nowak",
        date(1974, 1, 18),
        "male",
        Stage.MAINTENANCE,
        MESA,
        DEPRESSION,
        companion="Ewa Nowak",
        interpreter="Polish",
    ),
    Role("Claire", "Dunmore", date(1987, 5, 26), "female", Stage.STOPPED, course=DEPRESSION, companion="Hugh Dunmore"),
    Role("Gordon", "Tate", date(1950, 8, 13), "male", Stage.REFUSED, yes=("psychosis", "liver")),
)
