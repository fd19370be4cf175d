"""How django-allauth is bent to a staff-only system: nobody signs up by himself; who comes brings the roles along;
and whoever guesses passwords slows down himself only, never the clinic."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse

from clinic import desk, guessing, rates, sealing, unsent
from clinic.models import StaffMember, StaffRole, User
from clinic.statements import Statement


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Signs in as allauth does, and reads whoever is signed in together with the roles: every page asks for them."""

    def get_user(self, user_id: UUID) -> User | None:
        """The account behind a session; None when there is none, or it may not sign in any more."""
        user = next(iter(_SIGNED_IN.instances(User, user_id)), None)
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        """Not for an account that was shut, nor for somebody who works here no more: it holds from the next request."""
        left = getattr(user, "has_left", None)
        if left is None:
            left = StaffMember.objects.filter(user=user, is_active=False).exists()
        return bool(super().user_can_authenticate(user)) and not left


def _signed_in(user: UUID) -> QuerySet[User]:
    roles = StaffRole.objects.filter(staff_member__user=OuterRef("pk"), staff_member__is_active=True)
    return User.objects.filter(pk=user).annotate(
        known_roles=ArraySubquery(roles.values("role")),
        has_left=Exists(StaffMember.objects.filter(user=OuterRef("pk"), is_active=False)),
        has_second_factor=Exists(second_factors().filter(user=OuterRef("pk"))),
    )


_SIGNED_IN = Statement(_signed_in, 1)


def second_factors() -> Any:
    """The rows that are a second factor: an authenticator app or a passkey; recovery codes alone are none."""
    return Authenticator.objects.filter(type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by a manager or a command."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "guessed_here": "Too many wrong passwords from here. Wait five minutes, or ask your manager for a new sign-in "
        "link. Colleagues at their own computers can still sign in.",
        "too_many_login_attempts": "Too many wrong passwords lately, here or elsewhere, and this browser is not known "
        "yet. Try again within the hour, or ask your manager for a new sign-in link: that makes it known. Colleagues "
        "at their own computers can still sign in.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the proxy in front saw it."""
        return rates.client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse, before the password is looked at, where too many wrong ones came from.

        Axes first: what it refuses does not count towards allauth's wide limits (ACCOUNT_RATE_LIMITS, login_failed),
        or one guesser could use those up. Over these a known browser stands altogether.
        """
        # What AxesMiddleware goes by, whichever of the two refuses.
        request.axes_locked_out = True  # type: ignore[attr-defined]
        if not AxesProxyHandler.is_allowed(request, credentials):
            raise self.validation_error("guessed_here")
        if not guessing.is_known(request, credentials):
            super().pre_authenticate(request, **credentials)
        request.axes_locked_out = False  # type: ignore[attr-defined]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The last wrong password that is looked at is told what the next ones are."""
        if request.axes_locked_out:  # type: ignore[attr-defined]
            raise self.validation_error("guessed_here")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """The browser is known from now on, and shows the name when the next one signs in."""
        kwargs["redirect_url"] = unsent.after_sign_in(request, str(user.pk), kwargs.get("redirect_url"))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        desk.remember(request, response, user)
        return response


class StaffMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Second factors: their secrets are encrypted in the database, and codes carry the clinic's name."""

    def encrypt(self, text: str) -> str:
        """With the newest of the keys."""
        return sealing.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """With whichever of the keys it was."""
        return sealing.decrypt(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        """The username: mail addresses are shared."""
        return user.get_username()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Where a second factor is required, the last one stays; add another first."""
        if not settings.SECOND_FACTOR_REQUIRED or authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        return bool(second_factors().filter(user=authenticator.user_id).exclude(pk=authenticator.pk).exists())
