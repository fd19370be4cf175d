"""How often one address may knock."""

from django.test import RequestFactory, override_settings

from clinic import rates
from scheduling.portal import limits


def test_the_limit_counts_each_address_and_each_thing_alone() -> None:
    here = RequestFactory().get("/my/", REMOTE_ADDR="192.0.2.1")
    there = RequestFactory().get("/my/", REMOTE_ADDR="192.0.2.2")

    assert [limits.over_limit(here, "x", 2) for _knock in range(4)] == [False, False, True, True]
    assert limits.over_limit(there, "x", 2) is False
    assert limits.over_limit(here, "y", 2) is False


def test_a_household_counts_as_one_by_its_ipv6_network() -> None:
    one = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2::3")
    other = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2:ffff::9")

    assert rates.client_address(one) == rates.client_address(other) == "2001:db8:1:2::/64"


def test_a_forged_forwarding_header_changes_nothing() -> None:
    forged = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.1, 198.51.100.4")

    assert rates.client_address(forged) == "192.0.2.7"
    with override_settings(PRODUCTION=True):
        assert rates.client_address(forged) == "198.51.100.4", "the proxy's own entry is the last"


def test_an_address_that_is_none_is_counted_too() -> None:
    odd = RequestFactory().get("/", REMOTE_ADDR="")

    assert rates.client_address(odd) == "unknown"
