"""The clinic app: what everything else stands on."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClinicConfig(AppConfig):
    """Grants the application's database role its rights after each migration."""

    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Connect the receiver once, for the whole project, and make the Celery application the current one."""
        from clinic import celery  # noqa: F401
        from clinic.grants import grant_to_application

        post_migrate.connect(grant_to_application, sender=self)
