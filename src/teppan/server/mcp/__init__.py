"""The gateway as an MCP server: its knowledge and its agents, as tools of somebody else's model."""
