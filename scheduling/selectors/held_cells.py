"""What is held, read straight into arrays: the largest part of every plan, and so its shortest way.

PostgreSQL sends the rows in its binary COPY format, whose rows here are all of one length, so that NumPy reads them
without making a Python object of any. For the ten thousand holds of a full site's six weeks that takes a third of the
time of fetching rows and making columns of them (`manage.py bench --only plan`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from io import BytesIO
from uuid import UUID

import numpy as np
from django.db import connection

from scheduling.planner.values import Taken

#: Of the COPY stream: signature, flags and length of an extension that there is none of; and the mark of its end.
_HEADER, _TRAILER = 11 + 4 + 4, 2
#: A row: the number of its fields, then of each field its length and its value, in network order.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        *(
            part
            for name, kind in (
                ("resource", ">i8"),
                ("start", ">i4"),
                ("end", ">i4"),
                ("lower", ">i2"),
                ("upper", ">i2"),
            )
            for part in ((f"{name}_length", ">i4"), (name, kind))
        ),
    ]
)
#: A visit lies within one local day and the windows at least a day apart, so no hold is found twice.
_SELECT = """
    SELECT resource_id, start_cell, end_cell, first_unit, end_unit
    FROM unnest(%s::int[], %s::int[]) AS days(first, last)
    JOIN scheduling_hold ON int4range(start_cell, end_cell) && int4range(days.first, days.last)
    WHERE resource_id = ANY(%s) AND (expires_at IS NULL OR expires_at > %s)
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
    rows = np.frombuffer(stream.getbuffer()[_HEADER:-_TRAILER], dtype=_ROW)
    columns = (rows[name].astype(np.int64) for name in ("resource", "start", "end", "lower", "upper"))
    return Taken(*columns)
