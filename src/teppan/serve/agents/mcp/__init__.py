"""The Model Context Protocol: tools of servers on this host, for the agents of a pack."""
