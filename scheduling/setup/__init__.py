"""The manager's screens: everything that the clinic is made of, in the order in which a new clinic needs it."""
