"""The scheduling app."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Configuration of the scheduling app."""

    name = "scheduling"
    verbose_name = "Scheduling"
