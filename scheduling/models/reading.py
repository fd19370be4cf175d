"""Vital signs taken at a visit; as many readings as are taken (FHIR Observation)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from patients.models import RANGES, Measure
from scheduling.models.noted import Noted

#: The lowest and highest value that can be true of a living person, wide on purpose: a true reading is never refused.
#: Blood pressure, pulse, saturation and weight are those of patients.models.RANGES; breaths per minute and body
#: temperature (°C) are as wide: from agonal breathing and the deepest survived hypothermia to beyond a child's panting
#: and the highest survived fever.
PLAUSIBLE: dict[str, tuple[int, int]] = {
    "systolic": RANGES[Measure.SYSTOLIC],
    "diastolic": RANGES[Measure.DIASTOLIC],
    "pulse": RANGES[Measure.HEART_RATE],
    "spo2": RANGES[Measure.SPO2],
    "respiration": (2, 100),
    "temperature": (14, 47),
    "weight": RANGES[Measure.WEIGHT],
}


class Reading(Noted):
    """One set of values taken together; at least one is there. `over` keeps which limits of the protocol it broke when
    it was written: a later version of the protocol makes no old reading look different."""

    class Stage(models.TextChoices):
        BEFORE = "before", _("before")
        DURING = "during", _("during")
        AFTER = "after", _("after")

    stage = models.CharField(_("when"), max_length=6, choices=Stage.choices)
    systolic = models.PositiveSmallIntegerField(_("systolic, mmHg"), null=True, blank=True)
    diastolic = models.PositiveSmallIntegerField(_("diastolic, mmHg"), null=True, blank=True)
    pulse = models.PositiveSmallIntegerField(_("pulse, per minute"), null=True, blank=True)
    spo2 = models.PositiveSmallIntegerField(_("oxygen saturation, %"), null=True, blank=True)
    respiration = models.PositiveSmallIntegerField(_("breaths, per minute"), null=True, blank=True)
    #: °C, to two decimals, so that a reading in °F comes back as it was typed.
    temperature = models.DecimalField(_("temperature, °C"), max_digits=4, decimal_places=2, null=True, blank=True)
    weight = models.DecimalField(_("weight, kg"), max_digits=5, decimal_places=1, null=True, blank=True)
    over = ArrayField(models.CharField(max_length=9), default=list, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta(Noted.Meta):
        abstract = False
        constraints = [
            *Noted.Meta.constraints,
            *(
                models.CheckConstraint(
                    condition=Q((f"{field}__isnull", True)) | Q((f"{field}__gte", low), (f"{field}__lte", high)),
                    name=f"reading_{field}_plausible",
                )
                for field, (low, high) in PLAUSIBLE.items()
            ),
            models.CheckConstraint(
                condition=Q(systolic__isnull=True, diastolic__isnull=True)
                | Q(systolic__isnull=False, diastolic__isnull=False, diastolic__lt=F("systolic")),
                name="reading_pressure_whole_and_in_order",
            ),
            models.CheckConstraint(
                condition=Q(*[Q((f"{field}__isnull", False)) for field in PLAUSIBLE], _connector=Q.OR),
                name="reading_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"reading of {self.at:%Y-%m-%d %H:%M}Z"
