"""Seal every encrypted field anew, with the newest of the keys."""

from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import Model

from clinic import sealing
from clinic.actions import action
from clinic.actor import Actor

#: What is encrypted in the data of a second factor.
SECRETS = ("secret", "seed")
#: Rows of one transaction.
CHUNK = 500


@action
def rotate(*, by: Actor, model: type[Model], field: str, keys: Sequence[Any]) -> None:
    """Seal these rows' field anew: read with whichever key it was, written with the newest."""
    for row in model._base_manager.filter(pk__in=keys).select_for_update():
        model._base_manager.filter(pk=row.pk).update(**{field: getattr(row, field)})


@action
def rotate_second_factors(*, by: Actor) -> int:
    """The same for the secrets of second factors, which lie in a JSON field; how many there were."""
    rows = list(Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN))
    for row in rows:
        sealed = {name: sealing.rotate(row.data[name]) for name in SECRETS if name in row.data}
        Authenticator.objects.filter(pk=row.pk).update(data=row.data | sealed)
    return len(rows)


class Command(BaseCommand):
    """`manage.py rotate_field_keys`: afterwards the older keys of FIELD_KEYS are not needed any more."""

    help = "Encrypt all sealed fields anew with the first of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every sealed field of every model; may be run again."""
        by = Actor.system("rotation of keys")
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, sealing.SealedField):
                    keys = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
                    for start in range(0, len(keys), CHUNK):
                        rotate(by=by, model=model, field=field.name, keys=keys[start : start + CHUNK])
                    self.stdout.write(f"{model._meta.label}.{field.name}: {len(keys)}")
        self.stdout.write(f"second factors: {rotate_second_factors(by=by)}")
