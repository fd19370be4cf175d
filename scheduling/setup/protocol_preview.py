"""What patients are told about the visits of a protocol, as the messages that carry it would go out."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from patients.models import Language
from scheduling.actions.setup import protocols
from scheduling.messages import sample
from scheduling.models import Message, Protocol, ProtocolVersion

Kind = Message.Kind
#: The messages that carry a protocol's texts.
CARRIERS: dict[str, tuple[Message.Kind, ...]] = {
    Protocol.Kind.INFUSION: (Kind.PREPARE, Kind.AFTERCARE),
    Protocol.Kind.CONSULT: (Kind.CONSULT_BOOKED,),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One message in one language: its subject and its text, not broken into the lines of a mail."""

    language: str
    name: str
    title: str
    subject: str
    text: str


def told_by(version: ProtocolVersion, sites: Sequence[Site]) -> list[Told]:
    """The messages of a version that is saved, from the first of the sites; none where there is no site."""
    return [
        _told(sites[0], version, kind, language)
        for kind in (CARRIERS[version.protocol.kind] if sites else ())
        for language in Language
    ]


def told_by_draft(draft: protocols.Draft, kind: str, sites: Sequence[Site]) -> list[Told]:
    """The same of one that is only typed: it is saved, shown, and taken back."""
    with sample.taken_back():
        protocol = Protocol.objects.create(name=f"Preview {clock.now().isoformat()}", kind=kind)
        version = ProtocolVersion(protocol=protocol, number=1, created_at=clock.now())
        try:
            protocols.write(version, draft)
        except Refused:
            return []
        return told_by(version, sites)


def _told(site: Site, version: ProtocolVersion, kind: Message.Kind, language: Language) -> Told:
    with sample.taken_back():
        shown = sample.preview(site, kind, language.value, version=version)
    return Told(language.value, str(language.label), str(kind.label), shown.subject, shown.kept)
