"""The patients app."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Configuration of the patients app."""

    name = "patients"
    verbose_name = "Patients"
