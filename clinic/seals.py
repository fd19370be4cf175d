"""The chain over the audit trail: an event that is altered, taken away or put elsewhere afterwards is named.

Each event that is committed gets a seal: a digest of what it says, a digest of who did what when, and a link that
holds the link before. The links are made in the database by a function with its owner's rights, so the application
can have events sealed but can neither choose nor change a seal.

What an event says (values, reason, caller) may have to be erased by law. Its digest is salted and stays: with the
salt thrown away it tells nothing, and the chain still holds. The verification counts it as erased; who did so is on
the trail.

What the chain cannot show by itself is that its newest links were cut off together with their events, or that the
database's owner made all of it anew. Against that its head (position and link) is written to the log at each sealing
and into each backup, and can be given to the verification. docs/decisions/sealed-trail.md.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

#: Events sealed by one call: a second or so.
MOST = 5_000

#: In plpgsql, which keeps its plans: it is called for every page that shows a record.
OPENING = r"""
CREATE OR REPLACE FUNCTION clinic_record_opening(
    who_is uuid, page text, kind text, by_id text, by_name text, why text, from_where text, minutes integer
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- The same person at the same page of the same record again: it was looked at anew, not opened.
    IF EXISTS (
        SELECT FROM public.clinic_auditevent AS o
        WHERE o.patient = who_is AND o.operation = 'open' AND o.actor_id = by_id AND o.action = page
          AND o.at > clock_timestamp() - make_interval(mins => minutes)
    ) THEN
        RETURN;
    END IF;
    INSERT INTO public.clinic_auditevent (
        at, transaction, "table", "row", operation, patient, actor_kind, actor_id, actor_name, caller_id, caller_name,
        action, reason, origin, database_role
    )
    VALUES (clock_timestamp(), pg_current_xact_id()::text::bigint, '', coalesce(who_is::text, ''), 'open', who_is, kind,
        by_id, by_name, '', '', page, why, from_where, session_user);
END
$$;
"""

INSTALL = (
    r"""
CREATE FUNCTION clinic_audit_says(e clinic_auditevent) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_array(e.before, e.after, e.reason, e.caller_name)::text
$$;

CREATE FUNCTION clinic_audit_header(e clinic_auditevent, payload bytea) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
    SELECT jsonb_build_array(e.id, e.at, e.transaction, e."table", e."row", e.operation, e.patient, e.actor_kind,
        e.actor_id, e.actor_name, e.caller_id, e.action, e.origin, e.database_role, encode(payload, 'hex'))::text
$$;

CREATE FUNCTION clinic_audit_seal(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    e public.clinic_auditevent;
    last public.clinic_auditseal;
    since timestamptz;
    place bigint;
    before bytea;
    salt bytea;
    payload bytea;
    digest bytea;
    sealed integer := 0;
BEGIN
    -- One sealer at a time; whoever waited looks anew.
    PERFORM pg_advisory_xact_lock(hashtext('clinic_audit_seal'));
    SELECT * INTO last FROM public.clinic_auditseal ORDER BY position DESC LIMIT 1;
    place := coalesce(last.position, 0);
    before := coalesce(last.link, ''::bytea);
    -- Transactions end in another order than their events were numbered: a day back, none is missed.
    SELECT max(a.at) - interval '1 day' INTO since
    FROM (SELECT event FROM public.clinic_auditseal ORDER BY position DESC LIMIT 1) AS s
    JOIN public.clinic_auditevent AS a ON a.id = s.event;
    FOR e IN
        SELECT a.* FROM public.clinic_auditevent AS a
        WHERE a.at >= coalesce(since, '-infinity')
          AND NOT EXISTS (SELECT FROM public.clinic_auditseal AS s WHERE s.event = a.id)
        ORDER BY a.id LIMIT least(most, 100000)
    LOOP
        place := place + 1;
        salt := uuid_send(gen_random_uuid());
        payload := sha256(salt || convert_to(public.clinic_audit_says(e), 'UTF8'));
        digest := sha256(convert_to(public.clinic_audit_header(e, payload), 'UTF8'));
        before := sha256(before || digest);
        INSERT INTO public.clinic_auditseal (position, event, salt, payload, digest, link, sealed_at)
        VALUES (place, e.id, salt, payload, digest, before, clock_timestamp());
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END
$$;

""",
    OPENING,
    r"""
REVOKE ALL ON FUNCTION clinic_audit_says(clinic_auditevent), clinic_audit_header(clinic_auditevent, bytea),
    clinic_audit_seal(integer), clinic_record_opening(uuid, text, text, text, text, text, text, integer) FROM PUBLIC;
""",
)
REMOVE = """
DROP FUNCTION clinic_record_opening(uuid, text, text, text, text, text, text, integer);
DROP FUNCTION clinic_audit_seal(integer);
DROP FUNCTION clinic_audit_header(clinic_auditevent, bytea);
DROP FUNCTION clinic_audit_says(clinic_auditevent);
"""

#: What the application's role may call (clinic/grants.py).
FUNCTIONS = (
    "clinic_audit_says(clinic_auditevent)",
    "clinic_audit_header(clinic_auditevent, bytea)",
    "clinic_audit_seal(integer)",
    "clinic_record_opening(uuid, text, text, text, text, text, text, integer)",
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link: its position (0: nothing is sealed yet) and SHA-256 in hexadecimal."""

    position: int = 0
    link: str = ""

    def __str__(self) -> str:
        return f"{self.position}:{self.link}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """The head written as "position:link". Raises ValueError."""
        position, _colon, link = text.partition(":")
        if len(link) != 64:
            raise ValueError("A head looks like 1234:ab12..., with 64 hexadecimal digits behind the colon.")
        return cls(int(position), link)


@dataclass(slots=True)
class Findings:
    """What a verification found. `problems`: sentences, each naming the event and what is wrong with it."""

    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    head: Head = field(default_factory=Head)
    problems: list[str] = field(default_factory=list)


def seal(most: int = MOST) -> int:
    """Seal what was committed since the last time, at most so many events; how many were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_audit_seal(%s)", [most])
        return int(cursor.fetchone()[0])


def head(alias: str = DEFAULT_DB_ALIAS) -> Head:
    """The newest link."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT position, encode(link, 'hex') FROM clinic_auditseal ORDER BY position DESC LIMIT 1")
        row = cursor.fetchone()
    return Head(*row) if row else Head()


def verify(noted: Head | None = None, alias: str = DEFAULT_DB_ALIAS) -> Findings:
    """Work out the whole chain anew, here and not in the database. `noted`: a head that was written down earlier, which
    must still be part of it. Reads row by row, so that its memory does not grow with the trail.
    """
    found = Findings()
    link = b""
    for row in _rows(alias):
        position = found.head.position + 1
        if row[0] != position:
            missing = f"{position}" if row[0] == position + 1 else f"{position} to {row[0] - 1}"
            found.problems.append(f"Seal {missing} is missing.")
        link = _check(row, link, found)
        found.sealed += 1
        found.head = Head(row[0], link.hex())
        if noted is not None and noted.position == row[0] and noted.link != link.hex():
            found.problems.append(f"Seal {row[0]} is not the one that was noted: the chain was made anew.")
    if noted is not None and noted.position > found.head.position:
        found.problems.append(
            f"The chain ends at {found.head.position}, but {noted.position} was noted: its end was cut off."
        )
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM clinic_auditevent AS e "
            "WHERE NOT EXISTS (SELECT FROM clinic_auditseal AS s WHERE s.event = e.id)"
        )
        found.unsealed = cursor.fetchone()[0]
    return found


#: A seal with its event: position, event, salt, payload, digest, link, what the event says and its header (both None
#: where the event is no more).
_Row = tuple[int, int, bytes | None, bytes, bytes, bytes, str | None, str | None]
#: What an erased event says.
_NOTHING = '[null, null, "", ""]'


def _rows(alias: str) -> Iterator[_Row]:
    """All seals in their order."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        # A cursor of the server's: the trail may be larger than the memory.
        name = f"trail_{uuid4().hex}"
        cursor.execute(
            f"DECLARE {name} CURSOR FOR SELECT s.position, s.event, s.salt, s.payload, s.digest, s.link, "  # noqa: S608 -- the name is ours
            "CASE WHEN e.id IS NOT NULL THEN clinic_audit_says(e) END, "
            "CASE WHEN e.id IS NOT NULL THEN clinic_audit_header(e, s.payload) END "
            "FROM clinic_auditseal AS s LEFT JOIN clinic_auditevent AS e ON e.id = s.event ORDER BY s.position"
        )
        while True:
            cursor.execute(f"FETCH 2000 FROM {name}")
            rows = cursor.fetchall()
            if not rows:
                return
            for position, event, salt, payload, digest, link, *texts in rows:
                yield (
                    position,
                    event,
                    None if salt is None else bytes(salt),
                    bytes(payload),
                    bytes(digest),
                    bytes(link),
                    *texts,
                )


def _check(row: _Row, before: bytes, found: Findings) -> bytes:
    """Judge one seal; the link that stands in it, from which the next is judged."""
    position, event, salt, payload, digest, link, says, header = row
    if hashlib.sha256(before + digest).digest() != link:
        found.problems.append(f"Seal {position} (event {event}) does not follow the one before it: order was changed.")
    if says is None or header is None:
        found.problems.append(f"Event {event} (seal {position}) is missing.")
        return link
    if hashlib.sha256(header.encode()).digest() != digest:
        found.problems.append(f"Event {event} (seal {position}) was altered: who, what or when.")
    if salt is None:
        found.erased += 1
        if says != _NOTHING:
            found.problems.append(f"Event {event} (seal {position}) was erased, but says something again.")
    elif hashlib.sha256(salt + says.encode()).digest() != payload:
        found.problems.append(f"Event {event} (seal {position}) was altered: what it says.")
    return link
