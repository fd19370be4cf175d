"""A member of staff chooses a password, behind a link that a manager made (scheduling/actions/setup/people.py).

The link works once and for a few days: its token is made from the account's password, so that choosing one, or a newer
link, ends it (django.contrib.auth.tokens).
"""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic import desk
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import User
from clinic.views import form_status, public


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # subscriptable for type checkers only
    """The password, twice; Django's validators say what is wrong with it."""

    error_messages = {"password_mismatch": "The two passwords differ. Type the same one twice."}


@action
def choose_password(*, by: Actor, user: User, token: str, password: str) -> None:
    """Give the account its password.

    Raises:
        Refused: the link was used already, is too old, or a newer one was made.
    """
    fresh = User.objects.select_for_update().filter(pk=user.pk, is_active=True).first()
    if fresh is None or not default_token_generator.check_token(fresh, token):
        raise Refused("This link works no more. Ask your manager for a new one.")
    fresh.set_password(password)
    fresh.invited_at = None
    fresh.save(update_fields=["password", "invited_at"])


@public
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, account: UUID, token: str) -> HttpResponse:
    """The page behind the link. Looking at it changes nothing."""
    user = User.objects.filter(pk=account, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "account/welcome.html", {"closed": True}, status=HTTPStatus.NOT_FOUND)
    form = PasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_password(by=Actor.of(user), user=user, token=token, password=form.cleaned_data["new_password1"])
        except Refused as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Your password is set. Sign in with it now.")
            # Whoever guesses the name elsewhere, or in the same network, does not keep this browser out from now on.
            response = redirect("account_login")
            desk.remember(request, response, user, is_in=False)
            return response
    context = {"form": form, "person": user, "rules": password_validators_help_texts()}
    return render(request, "account/welcome.html", context, status=form_status(form))
