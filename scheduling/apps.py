"""The scheduling app."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Configuration of the scheduling app."""

    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        """Listen to what the people's side announces, and let /healthz ask whether the messages go out."""
        from clinic import health, metrics
        from patients import signals
        from scheduling.actions import clearance, merging, pseudonymised
        from scheduling.messages import waiting
        from scheduling.selectors import metrics as work_metrics

        signals.clearance_decided.connect(clearance.clearance_was_decided, dispatch_uid="visits follow the clearance")
        signals.patient_died.connect(clearance.patient_has_died, dispatch_uid="visits end with the patient")
        signals.patients_merging.connect(merging.patients_merge, dispatch_uid="visits allow the merging")
        signals.patients_merged.connect(merging.patients_were_merged, dispatch_uid="visits follow the merging")
        signals.patient_pseudonymised.connect(
            pseudonymised.patient_was_pseudonymised, dispatch_uid="visits allow to be forgotten"
        )
        health.register("messages", waiting.none_overdue)
        metrics.register(work_metrics.readings)
