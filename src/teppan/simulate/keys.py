"""API keys, checked the vendor's way, and the state each key is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from teppan.simulate.faults_refusal import retry_headers
from teppan.simulate.personas import Vendor
from teppan.simulate.turn import Refused
from teppan.simulate.wire import Request

DEFAULT_KEYS = ("simulated-key-1", "simulated-key-2", "simulated-key-3")
_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "revoked": ("bad_key", "This API key has been revoked (simulated)."),
        "throttled": ("rate_limit", "This API key is throttled (simulated)."),
        "exhausted": ("quota", "You exceeded your current quota (simulated)."),
        "forbidden": ("permission", "This API key may not do that (simulated)."),
    }
)


@dataclass(slots=True)
class Keys:
    """The valid keys and their states: `ok`, or one of revoked, throttled, exhausted, forbidden.

    A state may carry a Retry-After form after a colon: `throttled:2`.
    """

    valid: tuple[str, ...] = DEFAULT_KEYS
    states: dict[tuple[str, int], str] = field(default_factory=dict)

    def set(self, vendor: str, index: int, state: str) -> None:
        """Put one key into a state; raises `ValueError` for a state that does not exist."""
        if state.partition(":")[0] not in ("ok", *_STATES):
            raise ValueError(f"unknown key state {state!r}; known: ok, {', '.join(_STATES)}")
        self.states[vendor, index] = state

    def check(self, vendor: Vendor, request: Request, now: float) -> int:
        """The index of the key that was used (-1 where none is needed); raises `Refused`."""
        if vendor.auth == "none":
            return -1
        given = presented_key(vendor, request)
        if given not in self.valid:
            if not given:
                raise Refused("authentication", "You didn't provide an API key.")
            raise Refused("bad_key", "Incorrect API key provided.")
        index = self.valid.index(given)
        state, _, form = self.states.get((vendor.name, index), "ok").partition(":")
        if state != "ok":
            kind, message = _STATES[state]
            raise Refused(kind, message, headers=retry_headers(form, now))
        return index


def presented_key(vendor: Vendor, request: Request) -> str:
    """The key of the request, from the vendor's own header first."""
    own = request.headers.get(vendor.auth, "") if vendor.auth != "bearer" else ""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    if vendor.auth == "x-goog-api-key":
        return own or request.query.get("key", "")
    return own or bearer
