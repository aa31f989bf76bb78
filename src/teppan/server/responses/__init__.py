"""`POST /v1/responses`: the responses format, there (`read`) and back (`write`, `stream`)."""

from teppan.server.errors import plain_body
from teppan.server.format import Format
from teppan.server.responses.read import read
from teppan.server.responses.stream import ResponsesStream
from teppan.server.responses.write import write
from teppan.server.sse import KEEP_ALIVE

RESPONSES = Format(
    endpoint="responses",
    prefix="resp_",
    read=read,
    write=write,
    stream=ResponsesStream,
    error=plain_body,
    keep_alive=KEEP_ALIVE,
)

__all__ = ["RESPONSES", "ResponsesStream", "read", "write"]
