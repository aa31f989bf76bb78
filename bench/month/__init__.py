"""A month of simulated customers in front of a real gateway: driven, then summed."""
