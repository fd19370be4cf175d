"""Advisory locks, taken once, in sorted order, before anything is looked at (house rule 4).

A lock is (namespace, key): two 32-bit integers. The namespaces are in the order in which they are taken: site, staff,
patient, calendar, day; and, by who carries messages alone and never waited for, whom they tell.
Keys are CRC-32 sums; two things that share one only wait for each other needlessly.
"""

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

SITE, STAFF, PATIENT, CALENDAR, DAY, TOLD = range(1, 7)


@dataclass(frozen=True, order=True, slots=True)
class Lock:
    """One lock to take; `shared` lets other shared holders in (bookings share their site, set-up takes it alone)."""

    namespace: int
    key: int
    shared: bool = False


def _key(*parts: bytes) -> int:
    return zlib.crc32(b"".join(parts)) - 2**31


def site(site_id: UUID, *, shared: bool = True) -> Lock:
    """The site: shared for booking, exclusive for changing shifts, hours or chairs."""
    return Lock(SITE, _key(site_id.bytes), shared)


def staff(resource_id: int) -> Lock:
    """A person who works at several sites: the site locks do not keep two sites from booking the same hour."""
    return Lock(STAFF, _key(resource_id.to_bytes(8, "big")))


def patient(patient_id: UUID) -> Lock:
    """One patient's bookings."""
    return Lock(PATIENT, _key(patient_id.bytes))


def days(site_id: UUID, on: Collection[date]) -> list[Lock]:
    """Local days of one site, with a share of its calendar. None for no days."""
    found = [Lock(DAY, _key(site_id.bytes, one.toordinal().to_bytes(4, "big"))) for one in on]
    return [Lock(CALENDAR, _key(site_id.bytes), shared=True), *found] if found else []


def every_day(site_id: UUID) -> Lock:
    """All days of one site at once, in one queue: taken one by one, somebody else would come first at each of them."""
    return Lock(CALENDAR, _key(site_id.bytes))


def told(patient_id: UUID) -> Lock:
    """What goes out to one patient. Apart from the bookings, so that no message waits for a clerk."""
    return Lock(TOLD, _key(patient_id.bytes))


def take(locks: Iterable[Lock]) -> None:
    """Take the locks in sorted order, in one statement; they are released when the transaction ends.

    Must run inside a transaction, and before the reads that it protects: each later statement sees what was committed
    meanwhile.
    """
    ordered = sorted(set(locks))
    if not ordered:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(namespace, key)
                        ELSE pg_advisory_xact_lock(namespace, key) END
            FROM (SELECT * FROM unnest(%s::int[], %s::int[], %s::bool[]) WITH ORDINALITY
                  AS wanted(namespace, key, shared, place) ORDER BY place OFFSET 0) AS in_order
            """,
            [[lock.namespace for lock in ordered], [lock.key for lock in ordered], [lock.shared for lock in ordered]],
        )


def try_take(locks: Iterable[Lock]) -> set[Lock]:
    """Take those of the locks that are free at once, and wait for none; which these are. Exclusive ones only.

    Must run inside a transaction, at whose end they are released, and before the reads that they protect.
    """
    wanted = sorted(set(locks))
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT namespace, key FROM unnest(%s::int[], %s::int[]) AS wanted(namespace, key)
            WHERE pg_try_advisory_xact_lock(namespace, key)
            """,
            [[lock.namespace for lock in wanted], [lock.key for lock in wanted]],
        )
        return {Lock(namespace, key) for namespace, key in cursor.fetchall()}
