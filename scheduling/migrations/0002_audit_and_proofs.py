"""Puts every table about bookings under the audit trail (holds are left out: they follow from the visits), and adds the
proofs that models cannot say.

- A hold's capacity is its resource's: a foreign key over both columns. Lowering a nurse's watch below what is held is
  refused by the check on the hold.
- A visit's times lie on 5-minute cells.
"""

from django.db import migrations

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial"), ("patients", "0002_audit")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE scheduling_hold ADD CONSTRAINT hold_capacity_is_its_resources FOREIGN KEY (resource_id, capacity) "
            "REFERENCES clinic_resource (id, capacity) ON UPDATE CASCADE",
            "ALTER TABLE scheduling_hold DROP CONSTRAINT hold_capacity_is_its_resources",
        ),
        migrations.RunSQL(
            "ALTER TABLE scheduling_appointment ADD CONSTRAINT appointment_on_the_grid "
            "CHECK (extract(epoch FROM starts) % 300 = 0 AND extract(epoch FROM ends) % 300 = 0)",
            "ALTER TABLE scheduling_appointment DROP CONSTRAINT appointment_on_the_grid",
        ),
        Audit("scheduling_protocol"),
        Audit("scheduling_protocol_sites"),
        Audit("scheduling_protocolversion"),
        Audit("scheduling_protocoltext"),
        Audit("scheduling_ladderstep"),
        Audit("scheduling_phase"),
        Audit("scheduling_phaseneed"),
        Audit("scheduling_series"),
        Audit("scheduling_boosterplan"),
        Audit("scheduling_appointment"),
        Audit("scheduling_offer"),
        Audit("scheduling_visitrecord"),
        Audit("scheduling_ride"),
        Audit("scheduling_message"),
        Audit("scheduling_messageattempt"),
        Audit("scheduling_link", hidden=["token_hash"]),
    ]
