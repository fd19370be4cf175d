"""The one way in which a form of the set-up is saved."""

from collections.abc import Callable
from typing import Any

from clinic.errors import Refused
from clinic.views import StaffRequest


def saves(request: StaffRequest, form: Any, save: Callable[[], object]) -> bool:
    """Whether a posted and valid form was saved by `save`. What an action refuses is shown in the form."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        save()
    except Refused as error:
        form.refuse(error)
        return False
    return True
