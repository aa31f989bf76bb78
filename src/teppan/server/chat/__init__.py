"""`POST /v1/chat/completions`: the chat format, there (`read`) and back (`write`, `stream`)."""

from teppan.server.chat.read import read
from teppan.server.chat.stream import ChatStream
from teppan.server.chat.write import write
from teppan.server.errors import plain_body
from teppan.server.format import Format
from teppan.server.sse import KEEP_ALIVE

CHAT = Format(
    endpoint="chat",
    prefix="chatcmpl-",
    read=read,
    write=write,
    stream=ChatStream,
    error=plain_body,
    keep_alive=KEEP_ALIVE,
)

__all__ = ["CHAT", "ChatStream", "read", "write"]
