"""How django-allauth is bent to a staff-only system: nobody signs up by himself; who comes brings the roles along."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import HttpRequest

from clinic.models import StaffRole, User


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Signs in as allauth does, and reads whoever is signed in together with the roles: every page asks for them."""

    def get_user(self, user_id: Any) -> User | None:
        """The account behind a session; None when there is none, or it may not sign in any more."""
        roles = StaffRole.objects.filter(staff_member__user=OuterRef("pk"), staff_member__is_active=True)
        user = User.objects.annotate(known_roles=ArraySubquery(roles.values("role"))).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by a manager or a command."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False
