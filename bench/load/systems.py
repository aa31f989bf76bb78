"""The systems under test: how each is configured and started, ours among them.

Each function writes what its system needs into `work` and returns a `System`. All of them talk to
the same upstream with one model, and listen on loopback with one process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from load import peers
from load.build import HERE, Missing

REPOSITORY = HERE.parent.parent
MODEL = "bench-model"
KEY = "sk-bench-0123456789"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class System:
    """`port` 0: the system picks one and prints its address. `command` empty: it is the upstream.

    `patience` multiplies the windows of a system so slow that a short one would hold a handful of
    answers. `rate` is what it is asked for in the latency test, in requests a second.
    """

    name: str
    command: tuple[str, ...]
    port: int
    path: str = CHAT
    model: str = MODEL
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 1.0
    rate: float = 100.0
    note: str = ""


Factory = Callable[[Path, Path, int, bool], System]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _file(work: Path, name: str, text: str) -> str:
    path = work / name
    path.write_text(text)
    return str(path)


def direct(work: Path, cache: Path, upstream: int, install: bool) -> System:
    return System("direct", (), upstream, note="no gateway: loader and upstream share one core")


def nginx(work: Path, cache: Path, upstream: int, install: bool) -> System:
    port = free_port()
    config = f"""
worker_processes 1;
pid {work}/nginx.pid;
error_log {work}/nginx.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {work}/nginx-body; proxy_temp_path {work}/nginx-proxy;
  fastcgi_temp_path {work}/nginx-1; uwsgi_temp_path {work}/nginx-2; scgi_temp_path {work}/nginx-3;
  keepalive_requests 100000000;
  upstream vendor {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
    path = _file(work, "nginx.conf", config)
    command = (peers.nginx_program(), "-c", path, "-p", str(work), "-g", "daemon off;")
    return System("nginx", command, port, note="bare proxy_pass: reads nothing, records nothing")


def litellm(work: Path, cache: Path, upstream: int, install: bool) -> System:
    port = free_port()
    programs = peers.python_environment("litellm", peers.LITELLM, cache, install=install)
    config = f"""
model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/{MODEL}
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: sk-upstream
litellm_settings:
  telemetry: false
general_settings:
  master_key: {KEY}
"""
    path = _file(work, "litellm.yaml", config)
    command = (str(programs / "litellm"), "--config", path, "--host", "127.0.0.1")
    return System(
        "litellm",
        (*command, "--port", str(port), "--num_workers", "1"),
        port,
        headers={"Authorization": f"Bearer {KEY}"},
        environment={
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "DISABLE_ADMIN_UI": "True",
        },
        patience=3.0,
        rate=20.0,
        note="key checked; no database, nothing recorded; latency at 20 requests a second",
    )


def portkey(work: Path, cache: Path, upstream: int, install: bool) -> System:
    port = free_port()
    modules = peers.node_package("portkey", peers.PORTKEY, cache, install=install)
    server = modules / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    headers_fix = str(HERE / "portkey_headers.mjs")
    return System(
        "portkey",
        ("node", "--import", headers_fix, str(server), f"--port={port}", "--headless"),
        port,
        headers={
            "Authorization": "Bearer sk-upstream",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
        },
        environment={"NODE_ENV": "production"},
        note="no key of its own checked, nothing recorded; runs with a fix for its streaming",
    )


def tensorzero(work: Path, cache: Path, upstream: int, install: bool) -> System:
    programs = peers.python_environment("tensorzero", peers.TENSORZERO, cache, install=install)
    config = f"""
[gateway]
disable_pseudonymous_usage_analytics = true
observability.enabled = false

[models.{MODEL}]
routing = ["upstream"]

[models.{MODEL}.providers.upstream]
type = "openai"
model_name = "{MODEL}"
api_base = "http://127.0.0.1:{upstream}/v1/"
api_key_location = "env::OPENAI_API_KEY"
"""
    path = _file(work, "tensorzero.toml", config)
    return System(
        "tensorzero",
        (str(programs / "python"), str(HERE / "tensorzero_server.py"), path),
        0,
        path="/openai/v1/chat/completions",
        model=f"tensorzero::model_name::{MODEL}",
        environment={"OPENAI_API_KEY": "sk-upstream", "RUST_LOG": "error"},
        note="Rust; no key checked, nothing recorded (its store is ClickHouse or PostgreSQL)",
    )


def teppan(work: Path, cache: Path, upstream: int, install: bool) -> System:
    """Ours, with what it does by default: a key required, traces with content, and a ledger that
    is on disk before the answer leaves."""
    program = REPOSITORY / ".venv" / "bin" / "teppan"
    if not program.exists():
        raise Missing(f"teppan is not installed in {program.parent.parent}: run `make test` once")
    port = free_port()
    config = f"""
[server]
require_key = true

[store]
url = "sqlite:///{work}/teppan.db"

[cache]
exact = false # every request of the loader is the same one

[providers.bench]
url = "http://127.0.0.1:{upstream}/v1"
dialect = "openai_chat"
keys = ["env:BENCH_KEY"]
models = ["{MODEL}"]

[[prices]]
model = "bench/*"
input = "0.15"
output = "0.60"
since = "2026-01-01"
source = "made up for this bench"
"""
    path = _file(work, "teppan.toml", config)
    made = subprocess.run(
        [str(program), "keys", "create", "bench", "--config", path, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "BENCH_KEY": "sk-upstream"},
    )
    if made.returncode:
        raise Missing(f"teppan keys create failed: {(made.stderr or made.stdout).strip()[-300:]}")
    return System(
        "teppan",
        (str(program), "serve", "--config", path, "--port", str(port)),
        port,
        model=f"bench/{MODEL}",
        headers={"Authorization": f"Bearer {json.loads(made.stdout)['key']}"},
        environment={"BENCH_KEY": "sk-upstream"},
        note="key checked, trace and ledger on disk, response headers; defaults, but for the cache",
    )


FACTORIES: dict[str, Factory] = {
    "teppan": teppan,
    "tensorzero": tensorzero,
    "portkey": portkey,
    "litellm": litellm,
    "nginx": nginx,
    "direct": direct,
}
