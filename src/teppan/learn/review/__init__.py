"""What people should look at, in which order, and what follows from what they decide."""
