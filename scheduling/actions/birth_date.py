"""The patient's birth date, given behind a link before anything clinical is shown: a link may lie in somebody else's
mailbox.

Wrong answers are rows, counted for the patient and not for the link or the browser, so that a second link does not
give more tries.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from scheduling.models import BirthDateMiss, Link

#: Wrong answers after which nothing is asked for a while. A birth date has some 30,000 likely values: at this pace half
#: of them take four months, and a link is open for two (links.DAYS_OPEN).
MOST_MISSES = 5
#: For how long, from the last of them.
SHUT_FOR = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an answer. `left`: how many more there may be; `shut_until` (UTC): none before, where there are none
    left.
    """

    is_right: bool
    left: int
    shut_until: datetime | None


@action
def give_birth_date(*, by: Actor, link: Link, born: date) -> Answer:
    """Compare a birth date with that of the link's patient; a wrong one is counted. While it is shut nothing is
    compared, a right one included.
    """
    locks.take([locks.patient(link.patient_id)])
    before = standing(link)
    if before.shut_until is not None:
        return before
    if born == link.patient.birth_date:
        return Answer(True, before.left, None)
    BirthDateMiss.objects.create(patient_id=link.patient_id, link=link, at=clock.now())
    return standing(link)


def standing(link: Link) -> Answer:
    """How many answers are left now, or until when there are none. One query."""
    now = clock.now()
    misses = BirthDateMiss.objects.filter(patient_id=link.patient_id, at__gt=now - SHUT_FOR).order_by("-at")
    times = list(misses.values_list("at", flat=True)[:MOST_MISSES])
    left = MOST_MISSES - len(times)
    return Answer(False, left, None if left else times[0] + SHUT_FOR)
