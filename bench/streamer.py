"""A stand-in for the API that streams: thirty words a second, the first of which says when it left.

Usage: python -m bench.streamer PORT WORDS_PER_SECOND WORDS
"""

import asyncio
import json
import sys
import time
from typing import Any

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_bench\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
USAGE = {
    "input_tokens": 120,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 1500,
    "output_tokens": 1,
}


class Streamer:
    """Answers every message with a stream of its own."""

    def __init__(self, *, words_per_second: float, words: int) -> None:
        self._pause = 1 / words_per_second
        self._words = words

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _read_request(reader):
                if head.startswith(b"POST"):
                    await self._stream(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        message = {"id": "msg_bench", "type": "message", "role": "assistant", "content": []}
        start = {**message, "model": "claude-sonnet-5-5", "stop_reason": None, "usage": USAGE}
        _send(writer, "message_start", {"message": start})
        block = {"type": "text", "text": ""}
        _send(writer, "content_block_start", {"index": 0, "content_block": block})
        due = time.monotonic()
        for number in range(self._words):
            # The clock is the machine's: the reader's is the same.
            word = f"{time.monotonic_ns()} " if number == 0 else f"word{number} "
            delta = {"type": "text_delta", "text": word}
            _send(writer, "content_block_delta", {"index": 0, "delta": delta})
            await writer.drain()
            due += self._pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        _send(writer, "content_block_stop", {"index": 0})
        ending = {"stop_reason": "end_turn", "stop_sequence": None}
        _send(writer, "message_delta", {"delta": ending, "usage": {"output_tokens": self._words}})
        _send(writer, "message_stop", {})
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    """The head of the next request, its body read; b"" at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
    return head


def _send(writer: asyncio.StreamWriter, name: str, fields: dict[str, Any]) -> None:
    event = f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()
    writer.write(b"%x\r\n%s\r\n" % (len(event), event))


async def serve(port: int, words_per_second: float, words: int) -> None:
    streamer = Streamer(words_per_second=words_per_second, words=words)
    server = await asyncio.start_server(streamer.answer, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
