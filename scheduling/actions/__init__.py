"""The verbs that write: keyword-only, `by=` an actor, atomic, audited. Only these write holds and statuses."""
