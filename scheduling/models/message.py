"""The ledger of messages, and the links that they carry."""

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site, User
from patients.models import Channel, ConsultRequest, Contact, Language, Patient
from scheduling.models.appointment import Appointment
from scheduling.models.series import Series


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, narrowed to who asks."""

    def for_user(self, user: User) -> "MessageQuerySet":
        """Those of the user's sites."""
        return self.filter(site__in=Site.objects.for_user(user))


class Message(models.Model):
    """One thing to tell one person by one channel (FHIR Communication). Written in the transaction that gives cause
    for it.

    due → sending → sent, or to a person (call, paper), or skipped with a reason, or failed and shown. `due_at` and
    `not_after` are UTC, made
    from the site's wall time.
    """

    class Kind(models.TextChoices):
        BOOKED = "booked", _("dates booked")
        HELD = "held", _("dates held until clearance")
        CONSULT_BOOKED = "consult_booked", _("consult booked")
        MOVED = "moved", _("visit moved")
        CANCELLED = "cancelled", _("visit cancelled")
        STOPPED = "stopped", _("series stopped")
        RELEASED = "released", _("held dates released")
        BOOSTERS_CHANGED = "boosters_changed", _("dates changed")
        REMINDER = "reminder", _("reminder")
        PREPARE = "prepare", _("preparation, the day before")
        TODAY = "today", _("reminder on the day")
        RIDE_MISSING = "ride_missing", _("nobody named to drive")
        COMPANION_NAMED = "companion_named", _("to the companion: dates and pick-up times")
        COMPANION_CANCELLED = "companion_cancelled", _("to the companion: no longer needed")
        PICK_UP = "pick_up", _("to the companion: the pick-up time, as recovery begins")
        AFTERCARE = "aftercare", _("after the visit")
        FOLLOW_UP = "follow_up", _("follow-up call")
        NEWS = "news", _("decision about treatment")
        EARLIER_OFFER = "earlier_offer", _("an earlier time offered")
        EARLIER_OVER = "earlier_over", _("an earlier time is no longer free")
        SCREENING = "screening", _("screening asked for")
        SCORE_ASKED = "score_asked", _("asked how it goes")
        DATES_OFFERED = "dates_offered", _("next dates offered")

    class Recipient(models.TextChoices):
        PATIENT = "patient", _("patient")
        COMPANION = "companion", _("companion")
        DESK = "desk", _("front desk")

    class State(models.TextChoices):
        DUE = "due", _("due")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        PERSON = "person", _("for a person to do")
        SKIPPED = "skipped", _("skipped")
        FAILED = "failed", _("failed")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("reached")
        LEFT_WORD = "left_word", _("left a message")
        NO_ANSWER = "no_answer", _("no answer")
        CALLS_BACK = "calls_back", _("will call back")
        HANDED_OVER = "handed_over", _("handed over or posted")

    #: Outcomes after which the call is done; the others leave it on the list.
    DONE = (Outcome.REACHED, Outcome.LEFT_WORD, Outcome.HANDED_OVER)
    #: Outcomes after which it comes back to the top of the list at a time.
    LATER = (Outcome.NO_ANSWER, Outcome.CALLS_BACK)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="messages")
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="messages")
    appointment = models.ForeignKey(Appointment, models.CASCADE, null=True, blank=True, related_name="messages")
    series = models.ForeignKey(Series, models.CASCADE, null=True, blank=True, related_name="messages")
    consult_request = models.ForeignKey(ConsultRequest, models.CASCADE, null=True, blank=True, related_name="messages")
    recipient = models.CharField(_("to"), max_length=9, choices=Recipient.choices)
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="messages")
    kind = models.CharField(_("about"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("by"), max_length=5, choices=Channel.choices)
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.ENGLISH)
    #: The version of the visit, series or ride that it speaks of: a newer one makes it untrue.
    version = models.PositiveIntegerField(default=0)
    #: Where the context keeps the moment (ISO 8601, UTC) of what it speaks of first: once that is past it is of little
    #: use, so that it may not be able to wait.
    FIRST = "first"
    #: What the texts need beyond the subject: ids and plain values, nothing clinical.
    context = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField()
    #: Not worth sending after this.
    not_after = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_by = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: RFC 5322 Message-ID without brackets, the same at every attempt: a repeated delivery can be told from a second
    #: message.
    message_id = models.CharField(max_length=120, unique=True)
    #: The message that this due was told in, where several went out as one.
    carried_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="carries")
    #: What was sent, or is to be said; written when it is rendered. Links are left out.
    address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=11, choices=Outcome.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    #: While it is for a person to do: nobody has to call again before this.
    call_after = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=400, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "patient",
                    "appointment",
                    "series",
                    "consult_request",
                    "recipient",
                    "contact",
                    "kind",
                    "channel",
                    "version",
                ],
                nulls_distinct=False,
                name="message_once",
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) | Q(consult_request__isnull=False), name="message_about_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | (Q(lease_until__isnull=False) & ~Q(lease_by="")),
                name="message_sending_under_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="message_sent_at_some_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(skip_reason=""), name="message_skipped_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(recipient="companion") | Q(contact__isnull=False), name="message_to_a_companion_names_one"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=["due", "sending"]), name="message_waiting"),
            models.Index(
                fields=["site", "due_at"], condition=Q(state__in=["person", "failed"]), name="message_for_people"
            ),
            models.Index(fields=["patient", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"

    def same_by(self, channel: str) -> "models.QuerySet[Message]":
        """Rows that the constraint message_once would find equal to this one, sent by `channel`."""
        return Message.objects.filter(
            patient=self.patient_id,
            appointment=self.appointment_id,
            series=self.series_id,
            consult_request=self.consult_request_id,
            recipient=self.recipient,
            contact=self.contact_id,
            kind=self.kind,
            version=self.version,
            channel=channel,
        )

    @property
    def first_of_all(self) -> datetime | None:
        """The moment (UTC) of what it speaks of first, where that was written down."""
        kept = self.context.get(self.FIRST)
        return datetime.fromisoformat(kept) if kept else None

    @property
    def best_before(self) -> datetime | None:
        """Until when it is best told (UTC): before what it speaks of first."""
        return self.first_of_all or self.not_after


class MessageAttempt(models.Model):
    """One try to hand a message over, and what came of it."""

    class Result(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused for good")
        TEMPORARY = "temporary", _("refused for now")
        UNKNOWN = "unknown", _("connection lost, outcome unknown")
        HANDED = "handed", _("handed to a person")
        # What a provider says later, through its webhook.
        DELIVERED = "delivered", _("arrived")
        BOUNCED = "bounced", _("came back")
        COMPLAINT = "complaint", _("reported as unwanted")

    message = models.ForeignKey(Message, models.CASCADE, related_name="attempt_rows")
    at = models.DateTimeField()
    worker = models.CharField(max_length=80)
    result = models.CharField(max_length=9, choices=Result.choices)
    #: What the server said; of an accepted one the provider's own id, by which it speaks of the message later.
    detail = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["at"]
        indexes = [
            models.Index(
                fields=["detail"], condition=Q(result="accepted") & ~Q(detail=""), name="attempt_by_providers_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z {self.result}"


class Link(models.Model):
    """A way in without an account: a random token, kept as a hash, bound to a purpose, a person, and what it speaks
    of."""

    class Purpose(models.TextChoices):
        PATIENT = "patient", _("the patient's page")
        COMPANION = "companion", _("the companion's page")
        SCREENING = "screening", _("the screening questionnaire")
        SCORES = "scores", _("a questionnaire on the clinic's tablet")
        CONSENT = "consent", _("a consent to sign on the clinic's tablet")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    #: SHA-256 of the token, hexadecimal.
    token_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=9, choices=Purpose.choices)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="links")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="links")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="links")
    #: The visits that the message told of, as it told them: {visit id: {"version": number, "starts": ISO 8601, UTC}}.
    #: A visit that has another time by now, or was cancelled, shuts the link (scheduling/messages/links.py).
    speaks_of = models.JSONField(default=dict, blank=True)
    #: The one questionnaire (a Measure) that a tablet handed over for scores opens; empty for every other purpose.
    measure = models.CharField(max_length=10, blank=True, db_default="")
    #: Who handed the clinic's tablet over with it.
    handed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(purpose="companion") | Q(contact__isnull=False), name="link_of_a_companion_names_one"
            ),
            models.CheckConstraint(
                condition=Q(purpose="scores") & ~Q(measure="") | ~Q(purpose="scores") & Q(measure=""),
                name="link_for_scores_names_the_questionnaire",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} until {self.expires_at:%Y-%m-%d}"


class BirthDateMiss(models.Model):
    """A wrong birth date given behind a patient's link. So many within a while shut what asks for it, for a while."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="birth_date_misses")
    link = models.ForeignKey(Link, models.SET_NULL, null=True, related_name="birth_date_misses")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["patient", "-at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z"
