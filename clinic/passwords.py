"""What a password must be (NIST SP 800-63B-4): long, and not one that is guessed soon. No rules of composition."""

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from clinic.accounts import second_factors
from clinic.models import User

#: Characters, where the password is all there is, and beside a second factor.
ALONE, WITH_SECOND_FACTOR = 15, 8
#: zxcvbn's scores: 3 is "safely unguessable", 2 "somewhat": eight random characters are no more than that.
SCORE_ALONE, SCORE_WITH_SECOND_FACTOR = 3, 2
#: Characters that are judged; its time grows fast with the length, and what is longer is not guessed.
JUDGED = 72


def has_second_factor(user: User | None) -> bool:
    """Whether the account has a second factor, or opens no page before it has one."""
    if settings.SECOND_FACTOR_REQUIRED:
        return True
    return user is not None and not user._state.adding and bool(second_factors().filter(user=user).exists())


class LengthValidator:
    """15 characters, or 8 for an account that has a second factor, or must have one before it opens any page."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for one that is too short."""
        least = WITH_SECOND_FACTOR if has_second_factor(user) else ALONE
        if len(password) < least:
            raise ValidationError(f"Use at least {least} characters; a few words that you remember will do.")

    def get_help_text(self) -> str:
        """For the page."""
        least = WITH_SECOND_FACTOR if has_second_factor(None) else ALONE
        return f"At least {least} characters. A few words that do not belong together are easy to remember."


class GuessableValidator:
    """Refuses what attackers try first, by the lists that zxcvbn ships: leaked passwords, names, words, keyboard walks,
    dates, and what repeats them; also what the account itself gives away."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for one that is guessed soon."""
        given: list[Any] = []
        if user is not None:
            given = [part for part in (user.username, user.first_name, user.last_name, user.email) if part]
        least = SCORE_WITH_SECOND_FACTOR if has_second_factor(user) else SCORE_ALONE
        is_weak = zxcvbn(password[:JUDGED], user_inputs=[*given, "clinic", "infusion"])["score"] < least
        if is_weak or _own_words_only(password, given):
            raise ValidationError(
                "This is one of the passwords, or made like one, that attackers try first. Take words that do not "
                "belong together, or let a password manager make one."
            )

    def get_help_text(self) -> str:
        """For the page."""
        return "Not a password that has leaked before, and nothing that is guessed from your name."


def _own_words_only(password: str, given: list[str]) -> bool:
    """Whether little is left of a password without the account's own names."""
    rest = password.lower()
    for word in sorted({word for text in given for word in re.split(r"\W+", text.lower()) if len(word) > 2}, key=len):
        rest = rest.replace(word, "")
    return len(rest) < WITH_SECOND_FACTOR and len(rest) < len(password)
