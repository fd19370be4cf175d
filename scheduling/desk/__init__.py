"""The front desk's screens: home, day board, patients, booking, calls and messages."""
