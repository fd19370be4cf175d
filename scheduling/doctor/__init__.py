"""The doctor's screens: clearances and boosters."""
