"""Wrong passwords counted in a real Redis: by all processes together, under digests, and by each while it is away."""

from typing import Any

import pytest
import redis
from axes.handlers.proxy import AxesProxyHandler
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client

from clinic import guessing
from clinic.cache import SteadyCache
from tests.clinic.signing import PASSWORD, clerk_of, is_in, sign_in
from tests.factories import make_clinic
from tests.redis.conftest import Server

pytestmark = [pytest.mark.redis, pytest.mark.django_db]
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def process(redis_server: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Begin anew as another process would: nothing is remembered but what Redis holds."""
    options = {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1}

    def begin() -> None:
        settings.CACHES = {
            "default": {"BACKEND": "clinic.cache.SteadyCache", "LOCATION": redis_server.url, "OPTIONS": options},
            "drawn": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        }
        monkeypatch.setattr(SteadyCache, "_asked_again", 0.0)
        monkeypatch.setattr(AxesProxyHandler, "implementation", None)
        LocMemCache("while-redis-is-away", {}).clear()

    begin()
    return begin


def test_processes_count_together_and_keep_nobodys_name(process: Any, redis_server: Server) -> None:
    clerk = clerk_of(make_clinic())
    clerk.set_password(PASSWORD)
    clerk.save()
    for number in range(guessing.ONE_ADDRESS):
        if number == 3:
            process()
        answer = sign_in(Client(), clerk, "wrong", REMOTE_ADDR=ELSEWHERE)
    assert answer.status_code == 429

    kept = redis.Redis(port=redis_server.port, decode_responses=True)
    found = {str(key): kept.ttl(key) for key in kept.keys("*")}
    assert [key for key in found if "axes-" in key]
    assert not [key for key in found if clerk.username in key]
    assert all(0 < seconds <= 3600 for seconds in found.values()), "what was counted goes by itself"


def test_while_it_is_away_people_sign_in_and_a_guesser_is_stopped_and_nothing_breaks_when_it_is_back(
    process: Any, redis_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = clerk_of(make_clinic())
    clerk.set_password(PASSWORD)
    clerk.save()
    sign_in(Client(), clerk, "wrong", REMOTE_ADDR=ELSEWHERE)

    redis_server.kill()
    person = Client()
    sign_in(person, clerk, PASSWORD)
    assert is_in(person)
    said = [sign_in(Client(), clerk, "wrong", REMOTE_ADDR=ELSEWHERE).status_code for _ in range(guessing.ONE_ADDRESS)]
    assert said == [200] * (guessing.ONE_ADDRESS - 1) + [429]

    redis_server.start()
    monkeypatch.setattr(SteadyCache, "_asked_again", 0.0)
    assert sign_in(Client(), clerk, "wrong", REMOTE_ADDR=ELSEWHERE).status_code == 200
