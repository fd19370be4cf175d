"""The cache: Redis, and while that is away the process's own memory, so that what counts goes on counting.

Limits lie here, those of axes and allauth among them. A cache that takes nothing and finds nothing would turn
everybody away who signs in (allauth locks before it counts), or count nobody.
"""

import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted

#: Seconds until Redis is asked again, once it did not answer: one that hangs costs its timeout only so often.
REST = 5.0


class SteadyCache(RedisCache):  # type: ignore[misc]  # it ships no types
    """What the clinic uses of a cache; everything else is Redis alone."""

    #: When Redis may be asked again, on the clock of time.monotonic; of all threads together.
    _asked_again = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("while-redis-is-away", {})

    def _do(self, deed: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= SteadyCache._asked_again:
            try:
                return getattr(self.client, deed)(*args, **kwargs)
            except ConnectionInterrupted:
                SteadyCache._asked_again = time.monotonic() + REST
        return getattr(self._own, deed)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's; True where the key was not there."""
        return self._do("add", *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: Any = None, client: Any = None) -> Any:
        """As Django's."""
        return self._do("get", key, default=default, version=version)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._do("set", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's; raises ValueError where there is no such key."""
        return self._do("incr", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's; False where there is no such key."""
        return self._do("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._do("delete", *args, **kwargs)
