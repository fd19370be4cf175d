"""The verbs that write about people: keyword-only, `by=` an actor, atomic, audited."""
