"""How far property tests search: as far as `make test` has time for, always the same ways, so that nothing fails by
chance; or new ways and so many times as far as CLINIC_SEARCH says (`make test-long`).
"""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("CLINIC_SEARCH", "1"))
IS_LONG = TIMES > 1


def search(examples: int) -> settings:
    """The settings of a property test that usually looks at so many examples."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def seeds(count: int) -> range:
    """The seeds of a test that usually tries so many made-up cases."""
    return range(count * TIMES)
