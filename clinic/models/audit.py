"""The audit trail, and the small tables that keep the machinery honest."""

from uuid import uuid4

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One row written, changed or removed, or one record opened: who, what, when, why and from where.

    Written by triggers (clinic/audit.py) with the owner's rights. The application's database role may only read it.
    """

    class Operation(models.TextChoices):
        INSERT = "insert", _("added")
        UPDATE = "update", _("changed")
        DELETE = "delete", _("removed")
        OPEN = "open", _("opened")
        ERASE = "erase", _("erased")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("when"))
    #: pg_current_xact_id(): the rows of one action share it.
    transaction = models.BigIntegerField()
    table = models.CharField(max_length=63)
    row = models.CharField(max_length=64)
    operation = models.CharField(max_length=6, choices=Operation.choices)
    patient = models.UUIDField(null=True)
    #: Columns before and after; for a change only those that differ.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_kind = models.CharField(max_length=12, blank=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    #: Who asked for it by telephone: "patient" or a contact's id, and the name. Empty: nobody called.
    caller_id = models.CharField(max_length=64, blank=True, default="")
    caller_name = models.CharField(max_length=200, blank=True, default="")
    action = models.CharField(max_length=80, blank=True)
    reason = models.TextField(blank=True)
    origin = models.CharField(max_length=200, blank=True)
    database_role = models.CharField(max_length=63)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["patient", "id"]),
            models.Index(fields=["table", "row"]),
            # What a range of days holds: rows lie in the order of their time, so a few pages of index do.
            BrinIndex(fields=["at"], name="audit_at"),
            # Whether somebody has this record open already; a patient's changes are many, the openings few.
            models.Index(fields=["patient", "at"], condition=models.Q(operation="open"), name="audit_openings"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.table} {self.row}"


class AuditSeal(models.Model):
    """One link of the chain that shows the trail to be whole (clinic/seals.py). Written by the database's owner only.

    `event` is no foreign key: an event that was taken away must leave its seal behind.
    """

    position = models.BigIntegerField(primary_key=True)
    event = models.BigIntegerField(unique=True)
    #: Random; gone once what the event said was erased by law, so that nobody can guess it from the digest.
    salt = models.BinaryField(null=True)
    #: SHA-256 of the salt and of what the event says: values before and after, reason, who called.
    payload = models.BinaryField()
    #: SHA-256 of the rest of the event, with `payload` in it.
    digest = models.BinaryField()
    #: SHA-256 of the link before and of `digest`.
    link = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}: event {self.event}"


class IdempotencyKey(models.Model):
    """One submitted form that did its work: the same key again returns the same result (house rule 7)."""

    key = models.UUIDField(primary_key=True, default=uuid4)
    action = models.CharField(max_length=80)
    actor_id = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"


class Heartbeat(models.Model):
    """The last sign of life of a background process."""

    name = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
