"""What explains a plan, carried by the page that showed it: signed, so that it comes back as it went out.

The planner found the reasons when the page was made. Carried along, they need not be searched for again while the
clerk waits for the booking, and what is kept with the series is what the clerk was shown.
"""

from collections.abc import Sequence
from datetime import datetime

from django.core import signing

from clinic import clock
from patients.models import Patient
from scheduling.actions.series_writing import Explained, explained_by
from scheduling.models import ProtocolVersion
from scheduling.planner.values import Plan
from scheduling.selectors import planning

_SALT = "scheduling.desk.plan"


def sign(plan: Plan, patient: Patient, version: ProtocolVersion) -> str:
    """The reasons and the cost of a plan for this patient and protocol version, to be put into a form."""
    explained = explained_by(plan)
    return signing.dumps(
        [_subject(planning.moments_of(plan), patient, version), explained.reasons, explained.terms],
        salt=_SALT,
        compress=True,
    )


def read(signed: str, starts: Sequence[datetime], patient: Patient, version: ProtocolVersion) -> Explained | None:
    """What `sign` wrote about exactly these starts (aware); None for anything else, which is then explained anew."""
    try:
        subject, why, terms = signing.loads(signed, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    if subject != _subject(starts, patient, version):
        return None
    return Explained(tuple(why), terms)


def _subject(starts: Sequence[datetime], patient: Patient, version: ProtocolVersion) -> list[str]:
    return [str(patient.pk), str(version.pk), *(str(clock.cell(one)) for one in starts)]
