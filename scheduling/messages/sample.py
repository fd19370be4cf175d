"""Any message as it would reach a patient who does not exist: written by the ledger, read by the same code that sends.

The patient, the visits and the message are rows that live inside a transaction which is taken back, so that looking at
a preview leaves nothing behind. Whatever else was written in the same block (a wording not saved yet) is part of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from clinic import clock
from clinic.models import Site
from patients.models import Channel
from scheduling.messages import letters, rows
from scheduling.messages.sample_causes import CAUSES
from scheduling.messages.sample_patient import Sample, make
from scheduling.messages.texts import Rendered
from scheduling.models import Appointment, Message, ProtocolVersion

Kind = Message.Kind


@contextmanager
def taken_back() -> Iterator[None]:
    """A block whose writes are all taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def written(site: Site, kind: str, language: str, *, version: ProtocolVersion | None = None) -> Message:
    """The message of `kind` to the sample patient of a site, as the ledger writes it; call it inside `taken_back`.

    `version`: whose texts are used; by default the first series (or consult) that the site offers.

    Raises:
        LookupError: the kind has no sample, which a test would have found.
    """
    sample = make(site, language, version)
    CAUSES[Kind(kind)](sample)
    found = Message.objects.filter(patient=sample.patient, kind=kind).order_by("due_at").first()
    if found is None:
        found = _like_another(sample, kind)
    return Message.objects.select_related("site", "patient", "contact", "series", "appointment").get(pk=found.pk)


def preview(
    site: Site, kind: str, language: str, *, version: ProtocolVersion | None = None, channel: str = Channel.MAIL
) -> Rendered:
    """What `written` writes, as it reads by one channel; call it inside `taken_back`."""
    return read_by(written(site, kind, language, version=version), channel)


def read_by(message: Message, channel: str) -> Rendered:
    """A sample message as it reads by one channel; several may be asked for in turn, inside one `taken_back`."""
    message.channel = channel
    return letters.preview(message)


def _like_another(sample: Sample, kind: str) -> Message:
    """A message that the protocol's reminders leave out, made like one that they have."""
    visit = Appointment.objects.filter(patient=sample.patient).order_by("starts")[0]
    row = rows.to_patient(
        sample.patient,
        sample.site,
        Kind(kind),
        channel=Channel.MAIL,
        appointment=visit,
        version=visit.version,
        due_at=clock.now(),
        not_after=visit.starts,
    )
    rows.write(row)
    return Message.objects.get(patient=sample.patient, kind=kind)
