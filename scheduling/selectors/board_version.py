"""Whether a day's board still stands as it was drawn: one query, and nothing that a writer has to keep up to date.

PostgreSQL gives each version of a row the number of the transaction that wrote it (`xmin`) and a place of its own
(`ctid`). The version of a board is a digest of both over all rows that the board shows, and of what time alone changes:
who is late, who is over time, which holds have lapsed. docs/decisions/board-version.md says why this is no counter and
not the audit trail.
"""

from datetime import date, datetime
from uuid import UUID

from django.db import connection

_DIGEST = """
WITH place AS MATERIALIZED (
    SELECT id, concat(xmin, ctid) AS written,
           (%(day)s::date)::timestamp AT TIME ZONE time_zone AS first,
           (%(day)s::date + 1)::timestamp AT TIME ZONE time_zone AS last,
           extract(isodow FROM %(day)s::date)::int - 1 AS weekday
    FROM clinic_site
    WHERE id = %(site)s AND is_active AND EXISTS (
        SELECT FROM clinic_staffmember_sites AS works
        JOIN clinic_staffmember AS member ON member.id = works.staffmember_id
        WHERE works.site_id = clinic_site.id AND member.user_id = %(user)s)
), member AS MATERIALIZED (
    SELECT member.id, member.resource_id, concat(member.xmin, member.ctid) AS written
    FROM place JOIN clinic_staffmember_sites AS works ON works.site_id = place.id
    JOIN clinic_staffmember AS member ON member.id = works.staffmember_id
), resource AS MATERIALIZED (
    SELECT id, concat(xmin, ctid) AS written FROM clinic_resource
    WHERE site_id = (SELECT id FROM place) OR id IN (SELECT resource_id FROM member)
), mark AS (
    SELECT concat_ws(':', 'site', written) AS said FROM place
    UNION ALL
    -- The other rows of each visit along their keys: joined, PostgreSQL, which cannot know how few visits a day has,
    -- reads the whole of the patients and of the series.
    SELECT concat(
        'visit:', visit.id, visit.xmin, visit.ctid, '/',
        (SELECT concat(xmin, ctid) FROM patients_patient WHERE id = visit.patient_id), '/',
        (SELECT concat(xmin, ctid) FROM scheduling_visitrecord WHERE appointment_id = visit.id), '/',
        (SELECT concat(ride.xmin, ride.ctid, '/', (
            SELECT concat(xmin, ctid) FROM patients_contact WHERE id = ride.companion_id
         )) FROM scheduling_ride AS ride WHERE appointment_id = visit.id), '/',
        (SELECT concat(xmin, ctid) FROM scheduling_series WHERE id = visit.series_id), '/',
        (SELECT id FROM patients_clearance WHERE patient_id = visit.patient_id ORDER BY decided_at DESC LIMIT 1), '/',
        visit.status IN ('proposed', 'booked') AND visit.starts < %(now)s, '/',
        visit.status = 'arrived' AND visit.ends < %(now)s)
    FROM place
    JOIN scheduling_appointment AS visit
        ON visit.site_id = place.id AND visit.starts >= place.first AND visit.starts < place.last
    UNION ALL
    SELECT concat_ws(':', 'hold', hold.id, hold.xmin, hold.ctid)
    FROM resource JOIN scheduling_hold AS hold ON hold.resource_id = resource.id
    WHERE int4range(hold.start_cell, hold.end_cell) && (
        SELECT int4range(floor(extract(epoch FROM first) / 300)::int, ceil(extract(epoch FROM last) / 300)::int)
        FROM place
    ) AND (hold.expires_at IS NULL OR hold.expires_at > %(now)s)
    UNION ALL
    SELECT concat_ws(':', 'resource', id, written) FROM resource
    UNION ALL
    SELECT concat_ws(':', 'member', id, written) FROM member
    UNION ALL
    SELECT concat_ws(':', 'role', role.id, role.xmin, role.ctid)
    FROM member JOIN clinic_staffrole AS role ON role.staff_member_id = member.id
    UNION ALL
    SELECT concat_ws(':', 'hours', hours.id, hours.xmin, hours.ctid)
    FROM place JOIN clinic_openinghours AS hours ON hours.site_id = place.id AND hours.weekday = place.weekday
    UNION ALL
    SELECT concat_ws(':', 'shift', shift.id, shift.xmin, shift.ctid)
    FROM place JOIN clinic_shift AS shift ON shift.site_id = place.id AND shift.weekday = place.weekday
    UNION ALL
    SELECT concat_ws(':', 'exception', other.id, other.xmin, other.ctid)
    FROM place JOIN clinic_shiftexception AS other ON other.site_id = place.id AND other.date = %(day)s::date
    UNION ALL
    SELECT concat_ws(':', 'closure', closure.id, closure.xmin, closure.ctid)
    FROM place JOIN clinic_closure AS closure ON closure.starts < place.last AND closure.ends > place.first
    WHERE closure.site_id = place.id OR closure.resource_id IN (SELECT id FROM resource)
)
SELECT md5(concat_ws(':', count(*), sum(hashtextextended(said, 0)), sum(hashtextextended(said, 1))))
FROM mark HAVING count(*) > 0
"""


def day_version(user_id: UUID, site_id: UUID, on: date, now: datetime) -> str | None:
    """The version of the board of a site's local date as it stands at `now` (aware); None where the user works at no
    such site.

    Ask for it before the board is read: what is written in between is then seen by the next look.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, {"user": str(user_id), "site": str(site_id), "day": on, "now": now})
        row = cursor.fetchone()
    return str(row[0]) if row is not None else None
