"""The most that a request can cost, known before it is asked: what its attempt would hold."""

import json

from triage.services.gateway.batches.preparing import BREAKPOINT
from triage.services.gateway.pricing import card_of
from triage.services.gateway.request import Request
from triage.services.gateway.shaping import shape


def bound_of(request: Request, *, model: str, is_batch: bool = False) -> int:
    """Nano-dollars that one attempt of `request` on `model`, live or as a line of a batch, holds.

    Raises:
        ModelNotPriced: Nobody knows the model's price.
    """
    body = shape(request, model)
    if is_batch:
        body["system"] = [{**block, "cache_control": BREAKPOINT} for block in body["system"]]
    size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    card = card_of(model, is_batch=is_batch)
    return card.bound_nanousd(request_bytes=size, max_tokens=body["max_tokens"])
