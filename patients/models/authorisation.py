"""Sessions that are paid for, or that a payer has authorised."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.sealing import SealedField
from patients.models.patient import Patient


class Authorisation(models.Model):
    """Sessions paid for or authorised by a payer: how many, from when until when, under which reference. Going over
    warns and never blocks.

    Which visit is covered by which is computed, never stored (scheduling/selectors/authorised.py).
    """

    class Kind(models.TextChoices):
        PAID = "paid", _("paid in advance")
        PAYER = "payer", _("authorized by a payer")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="authorisations")
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices, default=Kind.PAYER)
    payer = models.CharField(_("who pays"), max_length=80, blank=True)
    sessions = models.PositiveSmallIntegerField(_("sessions"))
    valid_from = models.DateField(_("valid from"))
    #: The last day that it covers (local date of the site); empty: without an end.
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    #: A number at the payer: it says who the patient is there, so it lies encrypted.
    reference = SealedField(_("reference"), blank=True)
    #: Set when it was taken back or entered by mistake: it covers nothing any more.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["valid_from", "created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(sessions__gte=1), name="authorisation_of_some_sessions"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="authorisation_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.sessions)
