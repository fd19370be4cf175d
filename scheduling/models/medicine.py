"""What a doctor ordered for a visit, and what was given (FHIR MedicationRequest, MedicationAdministration).

No dose is ever computed: an order says what may be given, a dose what was. Both are kept as typed."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import StaffMember
from scheduling.models.appointment import Appointment
from scheduling.models.noted import Noted
from scheduling.models.series import Series


class GivenRoute(models.TextChoices):
    """How a medicine reaches the body."""

    INTRAVENOUS = "iv", _("intravenous")
    INTRAMUSCULAR = "im", _("intramuscular")
    SUBCUTANEOUS = "sc", _("subcutaneous")
    NASAL = "nasal", _("nasal")
    ORAL = "oral", _("by mouth")


class Unit(models.TextChoices):
    """What a dose is counted in. One by body weight stays one by body weight: nothing is converted."""

    MG = "mg", "mg"
    MG_PER_KG = "mg/kg", "mg/kg"
    MCG = "mcg", "mcg"
    MCG_PER_KG = "mcg/kg", "mcg/kg"
    G = "g", "g"
    ML = "mL", "mL"
    IU = "IU", "IU"


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, by what they are for."""

    def for_visit(self, visit: object, series: object) -> "OrderQuerySet":
        """Those for the visit itself or for its series, each given by its key (or as one of an outer query); a visit
        of no series, whose key is None, has its own alone.
        """
        return self.filter(Q(appointment=visit) | Q(series__isnull=False, series=series))


class Order(models.Model):
    """What a doctor ordered, for one visit or for every visit of a series. The newest of a visit counts, else the
    newest of its series; older ones are the history."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    series = models.ForeignKey(Series, models.CASCADE, null=True, blank=True, related_name="orders")
    appointment = models.ForeignKey(Appointment, models.CASCADE, null=True, blank=True, related_name="orders")
    drug = models.CharField(_("drug"), max_length=80)
    route = models.CharField(_("route"), max_length=5, choices=GivenRoute.choices)
    least = models.DecimalField(_("dose, at least"), max_digits=9, decimal_places=3)
    most = models.DecimalField(_("dose, at most"), max_digits=9, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=6, choices=Unit.choices)
    rate = models.CharField(_("rate"), max_length=80, blank=True)
    #: Other medicines that may be given, one a line, as the doctor writes them.
    others = models.TextField(_("other medicines"), blank=True)
    note = models.TextField(_("note to the nurse"), blank=True)
    ordered_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-ordered_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(series__isnull=True, appointment__isnull=False)
                | Q(series__isnull=False, appointment__isnull=True),
                name="order_for_a_visit_or_a_series",
            ),
            models.CheckConstraint(condition=Q(least__gt=0, least__lte=F("most")), name="order_range_in_order"),
            models.CheckConstraint(condition=~Q(drug=""), name="order_names_its_drug"),
        ]
        indexes = [
            models.Index(fields=["series", "-ordered_at"]),
            models.Index(fields=["appointment", "-ordered_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.drug} {self.range_words} {self.get_route_display()}"

    @property
    def range_words(self) -> str:
        """The dose range as one reads it: "35 to 40 mg"."""
        least, most = plain(self.least), plain(self.most)
        return f"{least} {self.unit}" if least == most else f"{least} to {most} {self.unit}"


class Dose(Noted):
    """One medicine that was given, in the amount that was given. What lies outside of the order is marked, never
    refused: a fact stays a fact."""

    class Mark(models.TextChoices):
        NO_ORDER = "no_order", _("no order was written")
        DRUG = "drug", _("not the drug that was ordered")
        OTHER = "other", _("not among the other medicines that were ordered")
        ROUTE = "route", _("not by the route that was ordered")
        UNIT = "unit", _("in another unit than ordered, so not compared")
        BELOW = "below", _("less than ordered")
        ABOVE = "above", _("more than ordered")
        RATE = "rate", _("its rate is not written as it was ordered")
        NO_RATE = "no_rate", _("its rate was ordered and is not recorded")

    #: False for any medicine beside the treatment itself.
    is_treatment = models.BooleanField(_("the treatment itself"), default=True)
    drug = models.CharField(_("drug"), max_length=80)
    amount = models.DecimalField(_("dose"), max_digits=9, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=6, choices=Unit.choices)
    route = models.CharField(_("route"), max_length=5, choices=GivenRoute.choices)
    rate = models.CharField(_("rate"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    #: The order that stood when it was written.
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="doses")
    marks = ArrayField(models.CharField(max_length=8, choices=Mark.choices), default=list, blank=True)

    class Meta(Noted.Meta):
        abstract = False
        constraints = [
            *Noted.Meta.constraints,
            models.CheckConstraint(condition=Q(amount__gt=0), name="dose_of_something"),
            models.CheckConstraint(condition=~Q(drug=""), name="dose_names_its_drug"),
        ]

    def __str__(self) -> str:
        return f"{self.drug} {self.amount_words}"

    @property
    def amount_words(self) -> str:
        """The amount as one reads it: "37.5 mg"."""
        return f"{plain(self.amount)} {self.unit}"

    @property
    def mark_words(self) -> list[str]:
        """What lies outside of the order, in words."""
        return [str(self.Mark(mark).label) for mark in self.marks]


def plain(number: object) -> str:
    """A decimal number without the zeros behind it: "40" for 40.000."""
    text = f"{number:f}" if hasattr(number, "normalize") else str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
