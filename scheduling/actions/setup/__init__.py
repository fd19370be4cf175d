"""The verbs of the set-up: sites, chairs, people, their weeks, protocols and wordings. What strands booked visits is
refused by name (actions.cover)."""
