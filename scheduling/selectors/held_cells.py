"""What is held, read straight into arrays: the largest part of every plan, and so its shortest way.

PostgreSQL packs each hold into two integers of eight bytes and sends all of them as one value in its binary COPY
format, which NumPy reads as it lies: no Python object is made of any hold, nor a call for any row. For the ten thousand
holds of a full site's six weeks that takes a third less than COPY with a row for each, which takes a third of the time
of fetching rows and making columns of them (`manage.py bench --only plan`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from io import BytesIO
from uuid import UUID

import numpy as np
from django.db import connection

from scheduling.planner.values import Taken

#: Of the COPY stream before the value: signature, flags, length of an extension that there is none of, the number of
#: fields and the value's length; and the mark of the stream's end behind it.
_HEADER, _TRAILER = 11 + 4 + 4 + 2 + 4, 2
#: Where the columns lie in the two integers: resource and first cell, cell after the last and both units. The widths
#: are those of the columns: a resource's id would have to pass 2^31, which its sequence of ids never reaches.
_HALF, _UNIT = 32, 16
#: A visit lies within one local day and the windows at least a day apart, so no hold is found twice.
_SELECT = """
    SELECT string_agg(
        int8send((resource_id << 32) | start_cell)
        || int8send((end_cell::bigint << 32) | (first_unit::int << 16) | end_unit::int), ''::bytea)
    FROM unnest(%s::int[], %s::int[]) AS days(first, last)
    JOIN scheduling_hold ON int4range(start_cell, end_cell) && int4range(days.first, days.last)
    WHERE resource_id = ANY(%s::bigint[]) AND (expires_at IS NULL OR expires_at > %s)
"""
_WITHOUT = " AND (appointment_id IS NULL OR appointment_id <> ALL(%s::uuid[]))"


def held(
    resource_ids: Sequence[int],
    windows: Sequence[tuple[int, int]],
    now: datetime,
    without_visits: Collection[UUID] = (),
) -> Taken:
    """The holds on the resources that touch one of the `windows` and have not lapsed at `now`.

    `windows`: stretches of cells [first, end), not empty, in order and at least a day apart. Holds of `without_visits`
    are left out.
    """
    statement = _SELECT
    values: list[object] = [[low for low, _ in windows], [high for _, high in windows], list(resource_ids), now]
    if without_visits:
        statement, values = statement + _WITHOUT, [*values, [str(one) for one in without_visits]]
    stream = BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(statement, values).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT binary)", stream)
    # Nothing held comes as a NULL, whose length is -1 and which has no bytes.
    pairs = np.frombuffer(stream.getbuffer()[_HEADER:-_TRAILER], dtype=">i8").astype(np.int64).reshape(-1, 2)
    who, units = pairs[:, 0], pairs[:, 1]
    low = (1 << _HALF) - 1
    return Taken(who >> _HALF, who & low, units >> _HALF, (units & low) >> _UNIT, units & ((1 << _UNIT) - 1))
