"""A business whose models err systematically, and what a night of lessons does about it."""
