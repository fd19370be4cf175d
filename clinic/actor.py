"""Who does a thing: a person signed in, a patient or companion behind a link, or the program itself."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from clinic.models import StaffMember, User
    from clinic.permissions import Permission

#: Where the present request or job comes from, for the audit trail: "web 10.0.0.1 4f1c…" or "task deliver_due …".
origin: ContextVar[str] = ContextVar("origin", default="")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked for a change by telephone: `id` is "patient" or the id of a contact of the patient's."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """The `by=` of every action. `kind` is user, patient, companion, visitor (without an account or a link) or system;
    `id` identifies the person within the kind. `caller`: at whose word on the telephone the person acts, if at
    anybody's."""

    kind: str
    id: str
    name: str
    user: "User | None" = field(default=None, compare=False)
    caller: Caller | None = None

    @property
    def staff_member(self) -> "StaffMember | None":
        """Who works here and acts; None for anybody who does not."""
        member: StaffMember | None = getattr(self.user, "staff_member", None)
        return member

    def may(self, permission: "Permission") -> bool:
        """Whether it is somebody signed in, of whose roles one carries `permission`."""
        return self.user is not None and self.user.may(permission)

    @classmethod
    def of(cls, user: "User") -> Self:
        """The signed-in staff member."""
        return cls("user", str(user.pk), user.get_full_name() or user.get_username(), user)

    @classmethod
    def system(cls, name: str) -> Self:
        """The program: a scheduled job, an import, the demo."""
        return cls("system", name, name)
