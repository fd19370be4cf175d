"""How the broker is reached, and what it is where there is no Redis: files in a folder, by kombu's transport.

kombu opens a message's file under its last name and then writes it. A worker that looks in between reads an empty text
and dies of it: every few minutes on a busy machine (measured; supervisord started it again and nothing was lost, but
the seconds were). Here the file is written under another name and then moved to its own, which is one step.
"""

import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Self

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

#: Worker and beat look for a broker that is away after two seconds, then after two more each time, up to two more than
#: this. kombu goes up to 30: a message could then be later than the two ticks after the broker's return that are
#: promised.
LONGEST_STEP = 4


class PatientConnection(Connection):
    """kombu's connection, but for how soon it sees that a broker is back."""

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        """Connect, trying again for as long as the caller wishes."""
        options.setdefault("interval_max", LONGEST_STEP)
        super().ensure_connection(*args, **options)
        return self


class Amqp(AMQP):
    """What Celery makes its connections with."""

    Connection = PatientConnection


class Channel(filesystem.Channel):
    """kombu's channel, but for how a message gets into the folder."""

    # kombu names this argument in two ways, one for each of the classes above this one.
    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]
        """Add a message to `queue`. Raises ChannelError when the folder cannot be written."""
        folder = Path(self.data_folder_out)
        # kombu reads names in order (its own count milliseconds); what stands behind the first dot names the queue.
        name = f"{time.monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"
        try:
            descriptor, scratch = tempfile.mkstemp(prefix="writing-", dir=folder)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(dumps(payload))
            Path(scratch).rename(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {folder}") from error


class Transport(filesystem.Transport):
    """kombu's filesystem transport with the channel above."""

    Channel = Channel
