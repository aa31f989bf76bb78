"""One system that runs: started, proven correct, stopped while the others are measured."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import process
from load.peers import clean_environment
from load.systems import System

START_LIMIT_SECONDS = 300.0
TEXT_END = "That is Rayleigh scattering."
STREAMED_TEXT = "".join(f" token{n}" for n in range(1, 19))
QUESTION = "Explain in two sentences why the sky is blue, and mention Rayleigh scattering. " * 3


class Failed(Exception):
    """A system did not start, or did not answer correctly; the message says how."""


def body(system: System, *, stream: bool) -> bytes:
    question: dict[str, Any] = {
        "model": system.model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant that answers briefly."},
            {"role": "user", "content": QUESTION},
        ],
        "temperature": 0.2,
        "max_tokens": 256,
    }
    if stream:
        question |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(question, separators=(",", ":")).encode()


@dataclass
class Running:
    system: System
    child: subprocess.Popen[bytes] | None
    port: int
    ready_seconds: float = 0.0
    idle_mb: float = 0.0

    def ask(self, *, stream: bool) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", **self.system.headers}
        try:
            connection.request("POST", self.system.path, body(self.system, stream=stream), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def go_on(self) -> None:
        if self.child:
            process.send_signal(self.child.pid, signal.SIGCONT)
            time.sleep(0.15)

    def stop(self) -> None:
        if self.child:
            process.send_signal(self.child.pid, signal.SIGSTOP)

    def cpu_seconds(self) -> float:
        return process.cpu_seconds(self.child.pid) if self.child else 0.0

    def pss_mb(self) -> float:
        return process.pss_mb(self.child.pid) if self.child else 0.0

    def end(self) -> None:
        if self.child:
            process.end(self.child)


def start(system: System, work: Path) -> Running:
    """Starts it on its own core and waits for the first right answer. Raises `Failed`."""
    if not system.command:
        running = Running(system, None, system.port)
        prove(running)
        return running
    log = work / f"{system.name}.log"
    began = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            process.pinned(process.GATEWAY_CORE, system.command),
            cwd=work,
            env={**clean_environment(), **system.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(system, child, system.port)
    try:
        _wait_until_ready(running, log, began)
        prove(running)
    except BaseException:
        running.end()
        raise
    time.sleep(1.0)
    running.idle_mb = running.pss_mb()
    return running


def _wait_until_ready(running: Running, log: Path, began: float) -> None:
    assert running.child
    problem = "no answer"
    while time.monotonic() - began < START_LIMIT_SECONDS:
        if running.child.poll() is not None:
            break
        if running.port == 0:
            found = re.search(rb"http://127\.0\.0\.1:(\d+)", log.read_bytes())
            running.port = int(found[1]) if found else 0
        if running.port:
            try:
                status, answer = running.ask(stream=False)
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
            else:
                if status == 200:
                    running.ready_seconds = round(time.monotonic() - began, 3)
                    return
                problem = f"status {status}: {answer[:300]!r}"
        time.sleep(0.02)
    tail = log.read_text(errors="replace")[-500:]
    raise Failed(f"{running.system.name} did not become ready ({problem})\n{tail}")


def prove(running: Running) -> None:
    """One whole answer and one whole stream, read to the last token. Raises `Failed`."""
    name = running.system.name
    status, answer = running.ask(stream=False)
    if status != 200:
        raise Failed(f"{name}: status {status}: {answer[:300]!r}")
    whole = json.loads(answer)
    if not whole["choices"][0]["message"]["content"].endswith(TEXT_END):
        raise Failed(f"{name}: not the upstream's answer: {answer[:300]!r}")
    if whole["usage"]["total_tokens"] != 154:
        raise Failed(f"{name}: wrong usage: {whole['usage']}")
    status, answer = running.ask(stream=True)
    lines = [line[6:] for line in answer.splitlines() if line.startswith(b"data: ")]
    if status != 200 or not lines or lines[-1] != b"[DONE]":
        raise Failed(f"{name}: stream without its end, status {status}: {answer[-300:]!r}")
    chunks = [json.loads(line) for line in lines[:-1]]
    text = "".join(
        choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]
    )
    if text != STREAMED_TEXT:
        raise Failed(f"{name}: streamed text differs: {text!r}")
    if not any(chunk.get("usage") for chunk in chunks):
        raise Failed(f"{name}: stream without usage")
