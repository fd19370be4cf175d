"""The clinic as it is, but nobody is counted: a scanner that is slowed down finds nothing. One address is planted."""

from clinic.settings import *  # noqa: F403 -- all of it

CACHES = {name: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"} for name in ("default", "drawn")}
ROOT_URLCONF = "tests.scan.urls"
