"""Everything that the database holds, so that a test can say that nothing of it has changed."""

from typing import Any

from django.apps import apps

OURS = {"clinic", "patients", "scheduling"}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the project, the audit trail included, by model."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.app_label in OURS
    }
