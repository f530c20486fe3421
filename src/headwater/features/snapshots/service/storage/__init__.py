"""Where the snapshots of an organization are stored, and which keys decrypt them."""
