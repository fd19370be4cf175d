"""What the screens read from the ledger."""

from datetime import datetime

from django.db.models import Case, Count, DateTimeField, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from clinic import clock
from clinic.models import User
from patients.models import Contact, Patient
from scheduling.messages import waiting
from scheduling.models import Message
from scheduling.models.message import MessageQuerySet

State = Message.State

#: Rows of the panel on a patient's page; the ledger has the others.
PANEL_ROWS = 12


def of_patient(patient: Patient, user: User | None = None) -> list[Message]:
    """The latest messages to the patient and to companions about the patient, those to come on top; with `user`, only
    those of the user's sites.
    """
    messages = Message.objects.for_user(user) if user is not None else Message.objects.all()
    found = _with_people(messages.filter(patient=patient))
    return list(found.order_by(Coalesce("sent_at", "due_at").desc())[:PANEL_ROWS])


def calls_to_make(user: User) -> QuerySet[Message]:
    """Calls and letters that somebody at the user's sites has to see to, the most pressing first.

    Who has to be asked about the ride home is on a list of its own (scheduling/selectors/rides_missing.py), whatever
    the ledger has about it: one person is not to be called twice about one thing.
    """
    found = Message.objects.for_user(user).filter(state=State.PERSON, carried_by__isnull=True)
    # The words to say stand beside each, and with them the site's own.
    people = _with_people(found.exclude(kind=Message.Kind.RIDE_MISSING)).prefetch_related("site__wordings")
    first = Cast(KeyTextTransform(Message.FIRST, "context"), DateTimeField())
    return people.order_by(Coalesce(first, "not_after"), "due_at", "pk")


def calls_due(user: User, now: datetime) -> QuerySet[Message]:
    """Those of them that nobody has put off beyond `now` (aware)."""
    return calls_to_make(user).filter(Q(call_after=None) | Q(call_after__lte=now))


def calls_put_off(user: User, now: datetime) -> QuerySet[Message]:
    """Those that come back by themselves after `now` (aware), the next one first."""
    return calls_to_make(user).filter(call_after__gt=now).order_by("call_after")


def ledger_of(
    user: User, *, state: str = "", kind: str = "", patient: Patient | None = None, late: bool = False
) -> QuerySet[Message]:
    """The messages of the user's sites, narrowed to a state, a kind and a patient where given: first what has come to
    its time, the last on top, then what is still to come, the next first. `late`: those only that should have gone out
    and did not, the longest waiting first.
    """
    wanted = {name: value for name, value in {"state": state, "kind": kind, "patient": patient}.items() if value}
    found = _with_people(Message.objects.for_user(user).filter(**wanted))
    if late:
        return waiting.late(found)
    told = Case(When(due_at__lte=clock.now(), then=Coalesce("sent_at", "due_at")))
    return found.order_by(told.desc(nulls_last=True), "due_at", "pk")


def count_by_state(user: User) -> dict[str, int]:
    """How many messages of the user's sites are in each state."""
    counted = Message.objects.for_user(user).order_by().values("state").annotate(number=Count("pk"))
    return {row["state"]: row["number"] for row in counted}


def one(user: User) -> MessageQuerySet:
    """Messages that the user may open, with everything that the page of one shows."""
    return (
        Message.objects.for_user(user)
        .select_related("patient", "contact", "site", "series", "appointment", "done_by", "carried_by")
        .prefetch_related("attempt_rows", "carries__appointment")
    )


def _with_people(messages: MessageQuerySet) -> MessageQuerySet:
    return messages.select_related("patient", "contact", "site", "appointment", "done_by")


def told_instead(message: Message) -> Contact | None:
    """Who was told in the patient's stead, by the address that it went to; None where that is the patient's own."""
    patient, address = message.patient, message.address
    if patient is None or message.contact_id is not None or address in {"", patient.email, patient.phone}:
        return None
    deciding = Contact.objects.filter(patient=patient, may_decide=True)
    return deciding.filter(Q(email__iexact=address) | Q(phone=address)).first()
