"""A real PostgreSQL server, where a test wants one."""

from contract.conftest import database, postgres_server

__all__ = ["database", "postgres_server"]
