"""A stand-in for the API that answers every message alike: a bare asyncio process, so that it is never what is measured.

Usage: python -m bench.upstream PORT LATENCY_SECONDS LABEL
"""

import asyncio
import json
import sys

ANSWER = {
    "reason": "The words are plain.",
    "confidence": 0.97,
    "runner_up": None,
    "runner_up_confidence": 0.0,
    "priority": "normal",
    "priority_confidence": 0.9,
    "sentiment": "neutral",
    "sentiment_confidence": 0.9,
    "language": "en",
    "language_confidence": 0.99,
}

# Limits that are out of the way, shown as the API shows them, so that the pace has its work.
LIMITS = "".join(
    f"anthropic-ratelimit-{kind}-limit: {limit}\r\nanthropic-ratelimit-{kind}-remaining: {limit}\r\n"
    for kind, limit in (("requests", 1_000_000), ("input-tokens", 10**10), ("output-tokens", 10**9))
)


class Upstream(asyncio.Protocol):
    """HTTP/1.1 with keep-alive: reads a head and a counted body, waits, answers. `GET /count` tells how many it saw."""

    seen = 0

    def __init__(self, latency_seconds: float, label: str) -> None:
        self._latency = latency_seconds
        text = json.dumps({**ANSWER, "label": label})
        message = {
            "id": "msg_bench",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {
                "input_tokens": 120,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 1500,
                "output_tokens": 60,
            },
        }
        self._answer = _response(json.dumps(message).encode())
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = _content_length(head)
        if len(body) < length:
            return
        self._buffer = body[length:]
        if head.startswith(b"GET /count"):
            self._transport.write(_response(json.dumps(Upstream.seen).encode()))
            return
        Upstream.seen += 1
        asyncio.get_running_loop().call_later(self._latency, self._send)

    def _send(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._answer)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _response(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\n"
        f"{LIMITS}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def serve(port: int, latency_seconds: float, label: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(latency_seconds, label), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
