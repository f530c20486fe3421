"""Where the snapshots of an organization are stored, and what decrypts them."""
