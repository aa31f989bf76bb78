"""The listening socket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

from teppan.server.run import Bind, listen


async def test_answers_on_a_kept_connection_are_not_held_back_by_the_loop_of_asyncio() -> None:
    option = asyncio.get_running_loop().create_future()

    def on_connect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        option.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with closing(listen(Bind("127.0.0.1", 0, 1.0))) as listening:
        async with await asyncio.start_server(on_connect, sock=listening):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()
    assert await option != 0
