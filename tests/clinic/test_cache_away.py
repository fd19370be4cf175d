"""While Redis is away every page works, people sign in, and each process counts for itself."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from axes.handlers.proxy import AxesProxyHandler
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client, RequestFactory
from django.urls import reverse
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import ConnectionError as AwayError

from clinic.cache import SteadyCache
from clinic.permissions import Role
from clinic.runtime.folder import PROJECT
from scheduling.portal import limits
from tests.clinic.signing import PASSWORD, SECRET, clerk_of, code_now, is_in, sign_in
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db

_SAY = "import json; from django.conf import settings; print(json.dumps(settings.CACHES))"


@pytest.fixture
def away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The cache as the settings make it with REDIS_URL, on a port on which nothing listens."""
    said = subprocess.run(
        [sys.executable, "-c", _SAY],
        cwd=PROJECT,
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0", "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    settings.CACHES = json.loads(said.stdout)
    monkeypatch.setattr(SteadyCache, "_asked_again", 0.0)
    LocMemCache("while-redis-is-away", {}).clear()
    # Axes keeps the cache that it met first.
    monkeypatch.setattr(AxesProxyHandler, "implementation", None)
    found: dict[str, Any] = settings.CACHES["default"]
    return found


@pytest.mark.usefixtures("away")
def test_the_work_list_opens_without_redis(client: Client) -> None:
    user = make_clinic().by(Role.FRONT_DESK).user
    assert user is not None
    client.force_login(user)
    assert client.get(reverse("desk:work")).status_code == 200


@pytest.mark.usefixtures("away")
def test_limits_go_on_counting_in_the_process_and_turn_nobody_away_too_early(rf: RequestFactory) -> None:
    assert [limits.over_limit(rf.get("/my/"), "x", 2) for _knock in range(4)] == [False, False, True, True]


@pytest.mark.usefixtures("away")
def test_people_sign_in_with_password_and_second_factor_and_guessing_is_still_slowed_down() -> None:
    clerk = clerk_of(make_clinic())
    clerk.set_password(PASSWORD)
    clerk.save()
    TOTP.activate(clerk, SECRET)

    client = Client()
    sign_in(client, clerk)
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert is_in(client)

    guesser = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(5):
        assert not is_in(guesser)
        answer = sign_in(guesser, clerk, "not the password")
    assert "Too many wrong passwords" in answer.content.decode()
    sign_in(guesser, clerk)
    assert not is_in(guesser)


def test_one_that_hangs_is_asked_now_and_then_only(away: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 100.0, 101.0, 104.9, 105.1, 105.1])
    monkeypatch.setattr("clinic.cache.time.monotonic", lambda: next(moments))
    asked = []

    class Hanging:
        def get(self, *args: Any, **kwargs: Any) -> None:
            asked.append(args)
            raise ConnectionInterrupted(connection=None)

    steady = SteadyCache("redis://127.0.0.1:9/0", away)
    steady._client = Hanging()
    monkeypatch.setattr(SteadyCache, "_asked_again", 0.0)

    assert [steady.get("x") for _ in range(4)] == [None] * 4
    assert len(asked) == 2, "at the first time and once its rest was over"


def test_control_without_its_own_memory_the_cache_would_fail(away: dict[str, Any], settings: Any) -> None:
    settings.CACHES = settings.CACHES | {"default": away | {"BACKEND": "django_redis.cache.RedisCache"}}
    with pytest.raises(AwayError):
        cache.get("anything")
