"""The demo clinic: two sites, their people and protocols, and patients at every stage of the journey, relative to
today.

Everything about patients is made by the same actions that the screens use, with the clock taken to the day on which
it would have happened; so the demo is also a rehearsal of the whole program.
"""
