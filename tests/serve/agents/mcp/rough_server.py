"""A program that speaks as much of the protocol as a test wants, and then misbehaves.

python -S rough_server.py MODE     in the current folder it leaves what it saw
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MODE = sys.argv[1]
TOOLS = [{"name": "do", "description": "Does it.", "inputSchema": {"type": "object"}}]
if MODE == "schemas":
    TOOLS = [
        {"name": "do", "inputSchema": {"type": "object"}, "title": "T" * 5000},
        {"name": "far", "inputSchema": {"$ref": "http://127.0.0.1:9/schema.json"}},
        {"name": "odd", "inputSchema": {"type": "object", "properties": 5}},
        {"name": "list", "inputSchema": {"type": "array"}},
        {"name": "vast", "inputSchema": {"type": "object", "title": "x" * 40_000}},
        {"name": "other", "inputSchema": {"type": "object"}},
    ]


def say(message: object) -> None:
    print(json.dumps(message), flush=True)


def result(id: int, **told: object) -> None:
    say({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete", **told}})


def call(id: int) -> None:
    text = {"content": [{"type": "text", "text": "done"}]}
    if MODE == "dies":
        sys.exit(3)
    elif MODE == "hangs":
        return
    elif MODE == "vast":
        say("x" * 5_000_000)
    elif MODE == "asks":
        say({"jsonrpc": "2.0", "id": id, "result": {"resultType": "input_required"}})
    elif MODE == "refuses":
        say({"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": "m" * 5000}})
    elif MODE == "noisy":
        print("Listening...\n[1, 2]\n{}\n[]]", flush=True)
        say({"jsonrpc": "2.0", "id": 999, "result": {}})
        say({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
        say([{"jsonrpc": "2.0", "id": id, "result": text}])
    else:
        result(id, **text)


with Path("started").open("a") as started:
    started.write("x")
if MODE == "mute" and Path("started").read_text() == "x":
    sys.exit(3)
if MODE == "mute":
    time.sleep(600)
if MODE == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    Path("child").write_text(str(child.pid))
    Path("self").write_text(str(os.getpid()))
if MODE == "talks":
    print("a secret\n" + "line\n" * 1000, file=sys.stderr, flush=True)
for line in sys.stdin:
    with Path("seen").open("a") as seen:
        seen.write(line)
    told = json.loads(line)
    if "id" not in told:
        continue
    if told["method"] == "server/discover":
        result(told["id"], supportedVersions=["2026-07-28"], capabilities={})
    elif told["method"] == "tools/list":
        result(told["id"], tools=TOOLS)
    else:
        call(told["id"])
if MODE == "stubborn":
    time.sleep(600)
