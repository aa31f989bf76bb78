"""The control endpoint of a running fleet, for tests in other processes and other languages.

GET    /_simulate           vendors, addresses, models, faults
GET    /_simulate/calls     what the vendors saw (without bodies)
POST   /_simulate/faults    {"fault": "503;times=2", "vendor"?, "model"?, "key"?}
DELETE /_simulate/faults    forget every fault
POST   /_simulate/keys      {"vendor", "index", "state": "revoked"}
POST   /_simulate/vendors   {"vendor", "listening": false}
POST   /_simulate/reset     forget everything
"""

from typing import TYPE_CHECKING

from teppan.simulate.dialect import read_json
from teppan.simulate.faults import FAULTS, UnknownFault
from teppan.simulate.record import Call
from teppan.simulate.turn import Json, Refused
from teppan.simulate.wire import Request

if TYPE_CHECKING:
    from teppan.simulate.server import Fleet

PREFIX = "/_simulate"
_DONE: tuple[int, Json] = (200, {"simulated": True})


async def answer(fleet: "Fleet", request: Request) -> tuple[int, Json]:
    """The status and body for a control request."""
    try:
        body = read_json(request.body) if request.body else {}
        return await _act(fleet, f"{request.method} {request.path.removeprefix(PREFIX)}", body)
    except (Refused, UnknownFault, ValueError, KeyError) as error:
        return 400, {"error": str(error)}


async def _act(fleet: "Fleet", action: str, body: Json) -> tuple[int, Json]:
    match action:
        case "GET " | "GET /":
            return 200, describe(fleet)
        case "GET /calls":
            return 200, {
                "total": fleet.calls.total,
                "calls": [_shown(call) for call in fleet.calls],
            }
        case "POST /faults":
            fleet.faults.add(
                body["fault"],
                vendor=body.get("vendor"),
                model=body.get("model"),
                key=body.get("key"),
            )
        case "DELETE /faults":
            fleet.faults.clear()
        case "POST /keys":
            fleet.keys.set(body["vendor"], int(body["index"]), body["state"])
        case "POST /vendors":
            change = fleet.restore if body["listening"] else fleet.refuse
            await change(body["vendor"])
        case "POST /reset":
            fleet.reset()
        case _:
            return 404, {"error": f"no such action: {action}"}
    return _DONE


def describe(fleet: "Fleet") -> Json:
    """The fleet in one object: vendors with addresses and models, keys, faults."""
    vendors = {
        name: {
            "address": fleet.address(name),
            "listening": fleet.listening(name),
            "models": [persona.name for persona in fleet.cast.models(name)],
        }
        for name in fleet.cast.vendors
    }
    return {
        "simulated": True,
        "vendors": vendors,
        "keys": list(fleet.settings.keys),
        "faults": {name: row.help for name, row in FAULTS.items()},
    }


def _shown(call: Call) -> Json:
    names = ("number", "vendor", "method", "path", "operation", "model", "stream", "key", "status")
    row: Json = {name: getattr(call, name) for name in names}
    row |= {"faults": [str(fault) for fault in call.faults], "outcome": call.outcome}
    return row | {"bytes_sent": call.bytes_sent, "seconds": call.seconds}
