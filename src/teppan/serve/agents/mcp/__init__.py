"""The Model Context Protocol: tools of servers on this host, for the agents of a pack."""

from teppan.serve.agents.mcp.tools import McpResult, McpTool, McpTools

__all__ = ["McpResult", "McpTool", "McpTools"]
