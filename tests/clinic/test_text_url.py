"""The setting that names the provider of text messages."""

import pytest

from clinic.text_url import read_text_url


def test_the_address_of_the_provider_is_read_and_its_token_never_shown() -> None:
    assert read_text_url("") is None
    provider = read_text_url("twilio://AC1:to%2Fken@api.twilio.com/+15085550123")
    assert provider is not None
    assert (provider.host, provider.account, provider.token) == ("api.twilio.com", "AC1", "to/ken")
    assert provider.sender == "+15085550123"
    assert not provider.plain
    assert "ken" not in repr(provider).replace("token", "")


@pytest.mark.parametrize(
    "url",
    [
        "twilio://api.twilio.com/+15085550123",
        "twilio://AC1:secret@api.twilio.com/",
        "https://AC1:secret@api.twilio.com/+15085550123",
        "twilio+http://AC1:secret@api.twilio.com/+15085550123",
        "twilio://AC1:secret@api.twilio.com:port/+15085550123",
    ],
)
def test_an_address_that_will_not_do_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="must look like") as refused:
        read_text_url(url)
    assert "secret" not in str(refused.value)
