"""`POST /v1/messages`: the messages format, there (`read`) and back (`write`, `stream`)."""

from teppan.server.errors import messages_body
from teppan.server.format import Format
from teppan.server.messages.read import read
from teppan.server.messages.stream import PING, MessagesStream
from teppan.server.messages.write import write

MESSAGES = Format(
    endpoint="messages",
    prefix="msg_",
    read=read,
    write=write,
    stream=MessagesStream,
    error=messages_body,
    keep_alive=PING,
)

__all__ = ["MESSAGES", "MessagesStream", "read", "write"]
