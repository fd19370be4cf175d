"""What was measured or reported: pain, questionnaires, blood pressure, weight (FHIR Observation)."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from patients.models.patient import Patient


class Measure(models.TextChoices):
    """What a value measures. Ranges below are those of the instruments; vital signs have the range a living person
    can show."""

    PAIN = "pain", _("pain, 0-10")
    FIQR = "fiqr", _("FIQR, 0-100")
    PHQ9 = "phq9", _("PHQ-9, 0-27")
    SYSTOLIC = "systolic", _("systolic blood pressure, mmHg")
    DIASTOLIC = "diastolic", _("diastolic blood pressure, mmHg")
    HEART_RATE = "heart_rate", _("heart rate, per minute")
    SPO2 = "spo2", _("oxygen saturation, %")
    WEIGHT = "weight", _("body weight, kg")


#: The lowest and highest value that may be recorded. Pain: numeric rating scale (LOINC 72514-3). FIQR: Bennett 2009.
#: PHQ-9: Kroenke 2001.
#: Vital signs: plausibility limits, wide on purpose, so that a true reading is never refused.
RANGES: dict[Measure, tuple[int, int]] = {
    Measure.PAIN: (0, 10),
    Measure.FIQR: (0, 100),
    Measure.PHQ9: (0, 27),
    Measure.SYSTOLIC: (40, 300),
    Measure.DIASTOLIC: (20, 200),
    Measure.HEART_RATE: (20, 300),
    Measure.SPO2: (40, 100),
    Measure.WEIGHT: (1, 500),
}

#: Measures that a patient reports about himself: the scores.
SCORES = (Measure.PAIN, Measure.FIQR, Measure.PHQ9)


class Observation(models.Model):
    """One value of one measure at one time. A blood pressure is two of them with one `source_id`."""

    class Source(models.TextChoices):
        PATIENT = "patient", _("patient")
        STAFF = "staff", _("staff")
        IMPORT = "import", _("import")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="observations")
    measure = models.CharField(_("measure"), max_length=10, choices=Measure.choices)
    value = models.DecimalField(_("value"), max_digits=6, decimal_places=2)
    effective_at = models.DateTimeField(_("measured at"))
    source = models.CharField(max_length=7, choices=Source.choices)
    #: What it came from: the other system's id, or the visit or form it was recorded in. Once per patient and measure.
    source_id = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["effective_at"]
        constraints = [
            models.UniqueConstraint("patient", "measure", "source", "source_id", name="observation_once"),
            models.CheckConstraint(
                condition=Q(
                    *[
                        Q(measure=measure.value, value__gte=low, value__lte=high)
                        for measure, (low, high) in RANGES.items()
                    ],
                    _connector=Q.OR,
                ),
                name="observation_in_range",
            ),
        ]
        indexes = [models.Index(fields=["patient", "measure", "effective_at"])]

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.value.normalize():f}"
