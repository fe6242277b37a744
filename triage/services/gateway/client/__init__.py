"""The only place that knows the `anthropic` SDK and its `httpx2`: requests out, answers or our own errors back.

The SDK's own retries are off, and its timeouts, which are per gap between bytes, are replaced by wall clocks (`clocks`).
Limits: resolving a host's name is not bounded, and nothing is cancelled while a connection is made (`CONNECT_SECONDS`).
"""

from triage.services.gateway.client.answers import Answer
from triage.services.gateway.client.batches import (
    BatchLine,
    BatchOutcome,
    BatchState,
    BatchStatus,
    batch_results,
    cancel_batch,
    create_batch,
    get_batch,
    list_batches,
)
from triage.services.gateway.client.errors import translated
from triage.services.gateway.client.messages import send
from triage.services.gateway.client.models import Lifecycle, ModelFacts, get_model
from triage.services.gateway.client.streams import Stream, StreamLimits, StreamState, stream

__all__ = [
    "Answer",
    "BatchLine",
    "BatchOutcome",
    "BatchState",
    "BatchStatus",
    "Lifecycle",
    "ModelFacts",
    "Stream",
    "StreamLimits",
    "StreamState",
    "batch_results",
    "cancel_batch",
    "create_batch",
    "get_batch",
    "get_model",
    "list_batches",
    "send",
    "stream",
    "translated",
]
