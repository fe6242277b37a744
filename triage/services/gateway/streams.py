"""stream(): one governed request whose answer arrives piece by piece. The same steps as `ask`, and the text is never lost.

Until the first piece is there a failure is met as in `ask`: retry, next model. After it the caller has text, and nothing is
begun anew behind their back: the stream ends in the state that says how, with all text so far.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from django.conf import settings

from accounts.models import User
from triage.exceptions import AttemptFailed, Cancelled, ConnectionLost, GatewayError
from triage.models import Certainty, Feature
from triage.services.gateway import client
from triage.services.gateway.attempts import (
    FollowsOther,
    OpenAttempt,
    fault_of,
    settle,
    settle_answered,
    settle_failed,
    settle_unusable,
)
from triage.services.gateway.calls import OpenCall, build_call, close_failed
from triage.services.gateway.client import Stream, StreamLimits, StreamState
from triage.services.gateway.governor import (
    check_rate,
    end_without_answer,
    find_stored,
    follow,
)
from triage.services.gateway.journal import Outcome
from triage.services.gateway.request import About, Reply, Request, Reuse
from triage.services.gateway.travel import along_the_route
from triage.types import Usage


@dataclass(slots=True)
class _Begun:
    """A stream that has brought its first piece; "" where it ended in good order without any."""

    attempt: OpenAttempt
    stream: Stream
    pieces: Iterator[str]
    first: str


class GovernedStream:
    """Iterate over it once for the pieces of the text; afterwards it says how it ended.

    `state` is the state machine's; `text` is all that came. `reply` is there when the state is `complete` and the answer can be
    used; otherwise `error` says why not. Iteration raises only before the first piece, what `ask` raises.
    """

    def __init__(self, call: OpenCall, *, by: User, canned: str, cancelled: Callable[[], bool]):
        self.state = StreamState.CONNECTING
        self.text = ""
        self.reply: Reply | None = None
        self.error: GatewayError | None = None
        self._call = call
        self._by = by
        self._canned = canned
        self._cancelled = cancelled

    def __iter__(self) -> Iterator[str]:
        with self._call.leases:
            try:
                begun = self._begin()
            except GatewayError as error:
                self.state, self.error = StreamState.ERROR, error
                self._end_with(end_without_answer(self._call, error, canned=self._canned))
                self.error = error
                yield self.text
                return
            if begun is None:
                yield self.text
                return
            yield from self._pass_on(begun)

    def _begin(self) -> _Begun | None:
        """The first piece of the first model that answers; None where a whole reply was there at once."""
        check_rate(self._call, by=self._by)
        reply = find_stored(self._call)
        while reply is None:
            try:
                return along_the_route(self._call, self._start)
            except FollowsOther:
                reply = follow(self._call)
        self._end_with(reply)
        return None

    def _end_with(self, reply: Reply) -> None:
        self.state, self.text, self.reply = StreamState.COMPLETE, reply.text, reply

    def _start(self, call: OpenCall, attempt: OpenAttempt) -> _Begun:
        """Open the stream and wait for its first piece. Raises AttemptFailed, settled, if none comes."""
        limits = StreamLimits(
            byte_seconds=settings.TRIAGE_STREAM_BYTE_SECONDS,
            content_seconds=settings.TRIAGE_STREAM_CONTENT_SECONDS,
            total_seconds=attempt.seconds,
        )
        stream = client.stream(attempt.plan.body, limits=limits, cancelled=self._cancelled)
        pieces = iter(stream)
        try:
            first = next(pieces, "")
        except AttemptFailed as error:
            settle_failed(call, attempt, error)
            raise
        if not first and stream.error:
            settle_failed(call, attempt, stream.error, _broken_outcome(attempt, stream))
            raise stream.error
        self.state = StreamState.STREAMING
        return _Begun(attempt, stream, pieces, first)

    def _pass_on(self, begun: _Begun) -> Iterator[str]:
        """The pieces as they come; whatever ends them, the attempt is settled and the text kept."""
        try:
            if begun.first:
                self.text = begun.first
                yield begun.first
            for piece in begun.pieces:
                self.text += piece
                yield piece
        finally:
            begun.stream.close()
            self._settle(begun)

    def _settle(self, begun: _Begun) -> None:
        call, attempt, stream = self._call, begun.attempt, begun.stream
        self.state, call.said = stream.state, self.text
        if stream.state is StreamState.COMPLETE:
            self._settle_complete(attempt, stream)
            return
        if stream.state is StreamState.CANCELLED:
            self.error = Cancelled("The stream was cancelled before it was complete.")
            settle(call, attempt, _broken_outcome(attempt, stream))
        else:
            error = stream.error or ConnectionLost("The stream broke off.")
            self.error = error
            settle_failed(call, attempt, error, _broken_outcome(attempt, stream))
        close_failed(call, self.error)

    def _settle_complete(self, attempt: OpenAttempt, stream: Stream) -> None:
        outcome = _outcome(attempt, stream, Certainty.KNOWN, stream.usage)
        if fault := fault_of(stream.stop_reason):
            self.error = fault
            settle_unusable(self._call, attempt, outcome)
            close_failed(self._call, fault)
            return
        answer = client.Answer(
            text=self.text,
            model=stream.model,
            stop_reason=stream.stop_reason,
            usage=stream.usage,
            request_id=stream.request_id,
            rate_limits=stream.rate_limits,
            message_id=stream.message_id,
        )
        self.reply = settle_answered(self._call, attempt, outcome, answer)


def stream(
    request: Request,
    *,
    feature: Feature,
    by: User,
    about: About,
    deadline_seconds: float | None = None,
    reuse: Reuse = Reuse.STORED,
    canned: str = "",
    cancelled: Callable[[], bool] = lambda: False,
) -> GovernedStream:
    """The answer to `request` as it is generated; arguments and errors are those of `ask`. Costs money once iterated.

    Args:
        cancelled: Asked twice a second; once it says so the stream ends as `cancelled`, with its text. Leaving the
            iteration does the same.
    """
    call = build_call(
        request,
        feature=feature,
        by=by,
        about=about,
        deadline_seconds=deadline_seconds,
        reuse=reuse,
    )
    return GovernedStream(call, by=by, canned=canned, cancelled=cancelled)


def _broken_outcome(attempt: OpenAttempt, stream: Stream) -> Outcome:
    """What the stream itself said was used: all of it, if it said how it ended; if it never said anything, nobody knows."""
    if stream.is_usage_final:
        return _outcome(attempt, stream, Certainty.KNOWN, stream.usage)
    if not stream.usage.input_tokens:
        return _outcome(attempt, stream, Certainty.UNKNOWN, Usage())
    seen = replace(stream.usage, output_tokens=stream.output_tokens_seen)
    return _outcome(attempt, stream, Certainty.LOWER_BOUND, seen)


def _outcome(attempt: OpenAttempt, stream: Stream, certainty: Certainty, usage: Usage) -> Outcome:
    is_unknown = certainty is Certainty.UNKNOWN
    plan = attempt.plan
    return Outcome(
        certainty=certainty,
        cost_nanousd=plan.bound_nanousd if is_unknown else plan.price.cost_nanousd(usage),
        latency_ms=attempt.elapsed_ms,
        usage=usage,
        http_status=200,
        error=stream.error.code if stream.error else "",
        error_text=str(stream.error or ""),
        stop_reason=stream.stop_reason,
        request_id=stream.request_id,
        rate_limits=stream.rate_limits,
        first_token_ms=stream.first_token_ms,
        cache_miss_reason=stream.cache_miss_reason,
    )
