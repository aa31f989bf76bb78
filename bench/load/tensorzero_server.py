"""Runs the HTTP gateway that TensorZero's Python package carries, and prints its address.

Started by TensorZero's own interpreter: `python tensorzero_server.py CONFIG.toml`.
"""

import signal
import sys

from tensorzero.tensorzero import _start_http_gateway

gateway = _start_http_gateway(
    config_file=sys.argv[1],
    clickhouse_url=None,
    postgres_url=None,
    valkey_url=None,
    async_setup=False,
)
print(gateway.base_url, flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
