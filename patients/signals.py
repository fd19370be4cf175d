"""What the people's side announces to whoever stands above it (scheduling may not be imported from here).

Each is sent inside the transaction of the action, with `send`, so that a receiver which fails takes the whole action
back."""

from django.dispatch import Signal

#: A doctor decided. Arguments: `clearance` (Clearance), `by` (Actor).
clearance_decided = Signal()

#: A patient is known to have died. Arguments: `patient` (Patient), `by` (Actor).
patient_died = Signal()

#: Two records are about to become one. Arguments: `kept`, `other` (Patient), `by` (Actor). A receiver that has
#: something against it raises Refused; one whose rows would collide makes way.
patients_merging = Signal()

#: Two records have become one. Arguments as above; everything has moved to `kept`.
patients_merged = Signal()

#: A patient is to be forgotten. Arguments: `patient` (Patient), `by` (Actor). A receiver that has something against it
#: raises Refused; the others take away what they keep of the person's words and addresses.
patient_pseudonymised = Signal()
