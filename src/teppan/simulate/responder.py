"""One request to one planned response: authenticate, parse, choose faults, answer, render."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import orjson

from teppan.core.clock import Clock
from teppan.simulate import dice, faults
from teppan.simulate.dialect import STATUS, Dialect, Site, load_dialect, read_json
from teppan.simulate.faults import UnknownFault
from teppan.simulate.keys import Keys
from teppan.simulate.mind import World
from teppan.simulate.personas import Cast, Persona, Vendor
from teppan.simulate.plan import Frame, Plan
from teppan.simulate.record import Call
from teppan.simulate.script import HEADER, Desk, Target
from teppan.simulate.studio import Memory, compose
from teppan.simulate.turn import Event, Json, Refused, Reply, Turn, sse
from teppan.simulate.wire import Request

SIGN = ("x-simulated", "teppan")
_JSON = "application/json"


@dataclass(slots=True)
class Responder:
    """Everything a response depends on; `speed` multiplies every latency."""

    cast: Cast
    world: World
    keys: Keys
    desk: Desk
    clock: Clock
    memory: Memory
    speed: float
    any_model: bool
    _dialects: dict[str, tuple[Dialect, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dialects = {
            vendor.name: tuple(load_dialect(module) for module in vendor.modules)
            for vendor in self.cast.vendors.values()
        }

    def plan(self, vendor: Vendor, request: Request, call: Call) -> Plan:
        """The response to a request; notes in `call` what it learned on the way."""
        dialects = self._dialects[vendor.name]
        found = ((one, one.operation(request.method, request.path)) for one in dialects)
        dialect, operation = next(((d, o) for d, o in found if o), (dialects[0], ""))
        identity = dice.word(24, "request", call.number, self.world.seed)
        job = _Job(vendor, dialect, operation, request, call, f"req_{identity}")
        try:
            job.call.key = self.keys.check(vendor, request, self.clock.now())
            if not operation:
                message = f"Invalid URL ({request.method} {request.path})"
                raise Refused("not_found", message)
            plan = self._answer(job)
        except Refused as refused:
            plan = self._refusal(job, refused)
        return faults.edit_plan(call.faults, plan, dialect)

    def _answer(self, job: "_Job") -> Plan:
        body = read_json(job.request.body) if job.request.method == "POST" else {}
        if job.operation != "generate":
            job.call.model = str(body.get("model") or "")
            self._choose_faults(job)
            site = Site(self.cast.models(job.vendor.name), self.clock.now())
            return job.json(200, job.dialect.other(job.operation, job.request, body, site))
        turn = job.dialect.parse(job.request, body)
        job.call.model, job.call.stream = turn.model, turn.stream
        self._choose_faults(job)
        persona = self._persona(job.vendor, turn.model)
        reply = compose(
            persona, job.vendor, turn, self.world, self.memory,
            now=self.clock.now(), cut_prompt=job.dialect.cut_prompt,
        )  # fmt: skip
        reply = faults.edit_reply(job.call.faults, reply)
        return self._rendered(job, persona, turn, reply)

    def _choose_faults(self, job: "_Job") -> None:
        call = job.call
        call.operation = job.operation
        target = Target(job.vendor.name, call.model, call.key, job.operation)
        try:
            call.faults = self.desk.choose(target, job.request.headers.get(HEADER))
        except UnknownFault as error:
            raise Refused("invalid_request", str(error), param=HEADER) from error
        refused = faults.refusal(call.faults, self.clock.now())
        if refused is not None:
            raise refused

    def _persona(self, vendor: Vendor, model: str) -> Persona:
        persona = self.cast.find(vendor.name, model)
        if persona is None and self.any_model:
            persona = self.cast.models(vendor.name)[0]
        if persona is None:
            message = f"The model `{model}` does not exist or you do not have access to it."
            raise Refused("model_not_found", message, param="model")
        return persona

    def _rendered(self, job: "_Job", persona: Persona, turn: Turn, reply: Reply) -> Plan:
        first = persona.first_wait(self.speed, self.world.seed, job.call.number)
        each = persona.token_wait(self.speed)
        if not turn.stream:
            spoken = max(0, reply.usage.completion) if reply.usage else 0
            whole = job.json(200, job.dialect.render(turn, reply))
            return replace(whole, wait=first + each * spoken)
        events = job.dialect.events(turn, reply)
        edited = faults.edit_stream(job.call.faults, events, job.dialect)
        headers = (
            ("content-type", job.dialect.stream_type(turn)),
            ("cache-control", "no-cache"),
            *job.headers,
        )
        return Plan(200, headers, _frames(edited, each), stream=True, wait=first)

    def _refusal(self, job: "_Job", refused: Refused) -> Plan:
        status = job.dialect.statuses.get(refused.kind, STATUS[refused.kind])
        body = job.dialect.error(refused, job.request_id)
        plan = job.json(status, body)
        if job.call.stream and status == 200:
            # A vendor that blocks a prompt inside a 200 does so inside the stream as well.
            frames = (Frame(sse("finish", body).data),)
            plan = Plan(200, (("content-type", "text/event-stream"), *job.headers), frames, True)
        return replace(plan, headers=(*plan.headers, *refused.headers))


@dataclass(frozen=True, slots=True)
class _Job:
    vendor: Vendor
    dialect: Dialect
    operation: str
    request: Request
    call: Call
    request_id: str

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return ((self.dialect.request_id_header, self.request_id), SIGN)

    def json(self, status: int, body: Json) -> Plan:
        headers = (("content-type", _JSON), *self.headers)
        return Plan(status, headers, (Frame(orjson.dumps(body)),))


def _frames(events: Iterator[Event], wait: float) -> Iterator[Frame]:
    for event in events:
        yield Frame(event.data, wait if event.kind == "delta" else 0.0)
