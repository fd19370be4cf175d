"""The words of a call that no row of the ledger stands for."""

from collections.abc import Sequence

from django.utils import translation

from clinic import clock
from patients.models import Channel
from patients.selectors import who_is_told
from scheduling.messages.content import content_about
from scheduling.messages.texts import call_script
from scheduling.models import Appointment, Message


def ride_script(visits: Sequence[Appointment]) -> str:
    """What to say to a patient whom nobody is named to drive home after these visits (of one site), in the patient's
    language; what is in square brackets is for the caller alone. Nothing is written.

    Needs `site`, `patient`, `protocol_version` and `ride__companion` loaded.
    """
    first = visits[0]
    message = Message(
        site=first.site,
        patient=first.patient,
        recipient=Message.Recipient.PATIENT,
        kind=Message.Kind.RIDE_MISSING,
        channel=Channel.CALL,
        language=who_is_told(first.patient).language,
        due_at=clock.now(),
    )
    with translation.override(message.language):
        return call_script(message, content_about(message, visits))
