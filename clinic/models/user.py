"""The account that a staff member signs in with."""

from functools import cached_property
from uuid import uuid4

from django.contrib.auth.models import AbstractUser
from django.db import models

from clinic.permissions import ROLE_PERMISSIONS, Permission, Role


class User(AbstractUser):
    """A sign-in. Patients have none: they come by links."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    #: When a manager last made a link with which the person chooses a password; empty once one is chosen.
    invited_at = models.DateTimeField(null=True, blank=True, editable=False)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles of the staff member behind the account; none for an account without one."""
        known = self.__dict__.get("known_roles")  # who comes with a session has them already: clinic.accounts
        if known is not None and self.is_active:
            return frozenset(Role(role) for role in known)
        staff = getattr(self, "staff_member", None)
        if staff is None or not staff.is_active or not self.is_active:
            return frozenset()
        return frozenset(Role(role) for role in staff.role_rows.values_list("role", flat=True))

    @cached_property
    def granted(self) -> frozenset[Permission]:
        """What the account may do: the permissions of all its roles together."""
        return frozenset().union(*(ROLE_PERMISSIONS[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether any of the account's roles carries `permission`."""
        return permission in self.granted
