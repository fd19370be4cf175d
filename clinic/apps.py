"""The clinic app: what everything else stands on."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


class ClinicConfig(AppConfig):
    """Grants the application's database role its rights after each migration."""

    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Connect the receivers once, for the whole project, and make the Celery application the current one."""
        from clinic import celery, unsent  # noqa: F401
        from clinic.grants import grant_to_application

        user_logged_in.connect(unsent.dropped_for_another, dispatch_uid="another's form is not shown")
        post_migrate.connect(grant_to_application, sender=self)
