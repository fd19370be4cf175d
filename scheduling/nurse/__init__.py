"""The nurse's screens: the visit, live."""
