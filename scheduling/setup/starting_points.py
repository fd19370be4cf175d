"""Usual protocols to begin with: those of the demo clinic, with the defaults that the literature has. They are only put
into the page, where everything can be changed before it is saved.
"""

from scheduling.actions.setup.protocols import Draft, NeedDraft, PhaseDraft, content_fields
from scheduling.demo.protocols import CHECKIN, CONSULT_TEXTS, FITNESS, TEXTS, Course
from scheduling.models import Protocol, ProtocolVersion


def draft_of(course: Course) -> Draft:
    """The protocol as the page's initial values."""
    treats = course.kind == Protocol.Kind.INFUSION
    version = ProtocolVersion()
    fields = {name: getattr(version, name) for name in content_fields()} | dict(course.fields)
    if treats:
        fields |= {"checkin_list": CHECKIN, "fitness_list": FITNESS}
    phases = tuple(
        PhaseDraft(kind, minutes, tuple(NeedDraft(*need) for need in needs)) for kind, minutes, needs in course.phases
    )
    return Draft(fields, phases, TEXTS if treats else CONSULT_TEXTS)
