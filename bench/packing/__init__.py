"""Every question of a pack through every strategy of the gateway, over simulated vendors."""
