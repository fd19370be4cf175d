"""While Redis is away every page works: what is kept there is only a convenience."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from redis.exceptions import ConnectionError as AwayError

from clinic.permissions import Role
from clinic.runtime.folder import PROJECT
from scheduling.portal import limits
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db

_SAY = "import json; from django.conf import settings; print(json.dumps(settings.CACHES))"


@pytest.fixture
def away(settings: Any) -> dict[str, Any]:
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
    found: dict[str, Any] = settings.CACHES["default"]
    return found


@pytest.mark.usefixtures("away")
def test_the_work_list_opens_without_redis(client: Client) -> None:
    user = make_clinic().by(Role.FRONT_DESK).user
    assert user is not None
    client.force_login(user)
    assert client.get(reverse("desk:work")).status_code == 200


@pytest.mark.usefixtures("away")
def test_nobody_is_turned_away_from_a_link_because_knocks_cannot_be_counted(rf: RequestFactory) -> None:
    assert not any(limits.over_limit(rf.get("/my/"), "x", 2) for _knock in range(4))


def test_control_without_patience_the_cache_would_fail(away: dict[str, Any], settings: Any) -> None:
    impatient = {**away, "OPTIONS": {**away["OPTIONS"], "IGNORE_EXCEPTIONS": False}}
    settings.CACHES = settings.CACHES | {"default": impatient}
    with pytest.raises(AwayError):
        cache.get("anything")
