"""Boosters that a doctor moved: the message asks whether the new times suit, until the patient has said so."""

import pytest

from clinic import clock
from scheduling.messages.letters import preview
from scheduling.models import Message, NewTime
from tests.scheduling.test_boosters import Induced

pytestmark = pytest.mark.django_db
ASKED = "Please say on your page whether the new times suit you."


def test_the_message_of_moved_boosters_asks_whether_they_suit_and_that_of_new_ones_does_not() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        (first,) = Message.objects.filter(kind=Message.Kind.BOOSTERS_CHANGED, state=Message.State.DUE)
        assert ASKED not in preview(first).text, "the control: nothing has moved"
        Message.objects.filter(pk=first.pk).update(state=Message.State.SENT, sent_at=clock.now())
        world.set(28)
        second = Message.objects.get(kind=Message.Kind.BOOSTERS_CHANGED, state=Message.State.DUE)
        assert ASKED in preview(second).text
        second.channel = "call"
        assert "Do the new times suit you?" in preview(second).kept
        second.channel, second.language = "mail", "es"
        assert "Díganos en su página si las nuevas horas le convienen" in preview(second).text
        NewTime.objects.update(confirmed_at=clock.now())
        second.language = "en"
        assert ASKED not in preview(second).text
