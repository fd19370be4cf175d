"""How django-allauth is bent to a staff-only system: nobody signs up by himself."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by a manager or a command."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False
