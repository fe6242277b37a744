"""Every error of the SDK and of the HTTP library beneath it becomes one of ours; no other comes through."""

from collections.abc import Iterator

import anthropic
import httpx2
import pytest
import time_machine
from anthropic import _exceptions
from anthropic._error_classes import ERROR_CLASSES
from pytest_django import Settings

from tests.unit.gateway.upstream import Canned, Upstream, failure
from triage.exceptions import (
    AttemptFailed,
    ConnectionLost,
    KeyRejected,
    ModelGone,
    NotReached,
    Overloaded,
    RateLimited,
    RequestRejected,
    SpendCapReached,
    UpstreamBroken,
    UpstreamSilent,
)
from triage.services.gateway import client
from triage.services.gateway.catalog import HAIKU

BODY = {"model": HAIKU, "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
REQUEST = httpx2.Request("POST", "http://claude.test/v1/messages")

OF_STATUS = {
    400: RequestRejected,
    401: KeyRejected,
    402: KeyRejected,
    403: KeyRejected,
    404: ModelGone,
    408: UpstreamBroken,
    409: UpstreamBroken,
    412: RequestRejected,
    413: RequestRejected,
    422: RequestRejected,
    429: RateLimited,
    431: RequestRejected,
    499: RequestRejected,
    501: UpstreamBroken,
    503: UpstreamBroken,
    504: UpstreamBroken,
    529: Overloaded,
}
SPEND_CAPS = {(429, "enforced_spend_limit_reached"), (429, "contract_spend_limit_reached")}
OF_SDK: dict[type[Exception], type[AttemptFailed]] = {
    anthropic.AnthropicError: ConnectionLost,
    anthropic.APIError: ConnectionLost,
    _exceptions.APIResponseValidationError: ConnectionLost,
    _exceptions.APIWebhookValidationError: ConnectionLost,
    anthropic.APIConnectionError: ConnectionLost,
    anthropic.APITimeoutError: UpstreamSilent,
    _exceptions.RetryableError: ConnectionLost,
    _exceptions.CredentialsError: RequestRejected,
    _exceptions.IdentityTokenFileError: RequestRejected,
}
OF_HTTP: dict[type[Exception], type[AttemptFailed]] = {
    httpx2.RequestError: ConnectionLost,
    httpx2.TransportError: ConnectionLost,
    httpx2.TimeoutException: UpstreamSilent,
    httpx2.ConnectTimeout: NotReached,
    httpx2.ReadTimeout: UpstreamSilent,
    httpx2.WriteTimeout: UpstreamSilent,
    httpx2.PoolTimeout: NotReached,
    httpx2.NetworkError: ConnectionLost,
    httpx2.ReadError: ConnectionLost,
    httpx2.WriteError: ConnectionLost,
    httpx2.ConnectError: NotReached,
    httpx2.CloseError: ConnectionLost,
    httpx2.ProxyError: ConnectionLost,
    httpx2.UnsupportedProtocol: RequestRejected,
    httpx2.ProtocolError: ConnectionLost,
    httpx2.LocalProtocolError: ConnectionLost,
    httpx2.RemoteProtocolError: ConnectionLost,
    httpx2.DecodingError: ConnectionLost,
    httpx2.SSEError: ConnectionLost,
    httpx2.TooManyRedirects: ConnectionLost,
    httpx2.HTTPStatusError: ConnectionLost,
}


def below(base: type[Exception]) -> Iterator[type[Exception]]:
    """Every subclass of `base` that is loaded, at any depth."""
    for kind in base.__subclasses__():
        yield kind
        yield from below(kind)


def bare(kind: type[Exception]) -> Exception:
    """An error of that class, whatever its constructor asks for."""
    return kind.__new__(kind)


def status_error(
    status: int, code: str | None = None, kind: str | None = None, **headers: str
) -> anthropic.APIStatusError:
    """What the SDK raises for such an answer."""
    details = {"details": {"error_code": code}} if code else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, request=REQUEST, headers=named)
    made = ERROR_CLASSES.get((status, code), anthropic.APIStatusError)
    return made(
        "It failed.",
        response=response,
        body={"error": {"type": kind, "message": "It failed.", **details}},
    )


# --- the walk: what the installed libraries can raise


@pytest.mark.parametrize(("status", "code"), ERROR_CLASSES, ids=str)
def test_every_status_error_of_the_sdk_has_a_translation(status: int, code: str | None) -> None:
    expected = SpendCapReached if (status, code) in SPEND_CAPS else OF_STATUS[status]

    assert type(client.translated(status_error(status, code))) is expected


def test_every_status_error_class_of_the_sdk_stands_in_its_table() -> None:
    untabled = {anthropic.APIStatusError, anthropic.InternalServerError}

    assert set(below(anthropic.APIStatusError)) <= set(ERROR_CLASSES.values()) | untabled


@pytest.mark.parametrize("kind", OF_SDK, ids=lambda kind: kind.__name__)
def test_every_other_error_of_the_sdk_has_a_translation(kind: type[Exception]) -> None:
    assert type(client.translated(bare(kind))) is OF_SDK[kind]


def test_no_error_class_of_the_sdk_is_missing_here() -> None:
    defined = {kind for kind in vars(_exceptions).values() if isinstance(kind, type)}
    errors = {kind for kind in defined if issubclass(kind, anthropic.AnthropicError)}
    of_status = {kind for kind in errors if issubclass(kind, anthropic.APIStatusError)}

    assert errors - of_status == set(OF_SDK)


def test_whatever_else_the_sdk_has_loaded_is_translated_too() -> None:
    rare = set(below(anthropic.AnthropicError)) - set(below(anthropic.APIStatusError))

    for kind in rare - {anthropic.APIStatusError}:
        assert isinstance(client.translated(bare(kind)), AttemptFailed), kind


@pytest.mark.parametrize("kind", OF_HTTP, ids=lambda kind: kind.__name__)
def test_every_error_of_the_http_library_has_a_translation(kind: type[Exception]) -> None:
    assert type(client.translated(bare(kind))) is OF_HTTP[kind]


def test_no_error_class_of_the_http_library_is_missing_here() -> None:
    assert set(below(httpx2.HTTPError)) == set(OF_HTTP)


@pytest.mark.parametrize("kind", OF_HTTP, ids=lambda kind: kind.__name__)
def test_the_cause_of_a_connection_error_decides_what_it_was(kind: type[Exception]) -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = bare(kind)

    assert type(client.translated(error)) is OF_HTTP[kind]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", Overloaded),
        ("api_error", UpstreamBroken),
        ("timeout_error", UpstreamBroken),
        ("rate_limit_error", RateLimited),
        ("invalid_request_error", RequestRejected),
        ("authentication_error", KeyRejected),
        ("an_error_of_next_year", UpstreamBroken),
        (None, UpstreamBroken),
    ],
)
def test_an_error_inside_a_stream_that_began_with_200_is_known_by_its_type(
    kind: str | None, expected: type[AttemptFailed]
) -> None:
    assert type(client.translated(status_error(200, kind=kind))) is expected


# --- what our errors mean


@pytest.mark.parametrize(
    ("kind", "ends_call", "leaves_model", "may_be_billed"),
    [
        (RateLimited, False, False, False),
        (SpendCapReached, True, False, False),
        (Overloaded, False, False, False),
        (UpstreamBroken, False, False, False),
        (UpstreamSilent, False, True, True),
        (ConnectionLost, False, False, True),
        (NotReached, False, False, False),
        (ModelGone, False, True, False),
        (RequestRejected, True, False, False),
        (KeyRejected, True, False, False),
    ],
)
def test_each_kind_says_what_to_do_next(
    kind: type[AttemptFailed], ends_call: bool, leaves_model: bool, may_be_billed: bool
) -> None:
    assert (kind.permanent, kind.leaves_model) == (ends_call, leaves_model)
    assert kind.may_be_billed is may_be_billed


# --- over real HTTP


@pytest.mark.parametrize(
    ("status", "kind", "code", "expected"),
    [
        (400, "invalid_request_error", "", RequestRejected),
        (401, "authentication_error", "", KeyRejected),
        (402, "billing_error", "", KeyRejected),
        (403, "permission_error", "", KeyRejected),
        (404, "not_found_error", "", ModelGone),
        (408, "timeout_error", "", UpstreamBroken),
        (409, "conflict_error", "", UpstreamBroken),
        (413, "request_too_large", "", RequestRejected),
        (422, "invalid_request_error", "", RequestRejected),
        (429, "rate_limit_error", "", RateLimited),
        (429, "rate_limit_error", "enforced_spend_limit_reached", SpendCapReached),
        (429, "rate_limit_error", "contract_spend_limit_reached", SpendCapReached),
        (429, "rate_limit_error", "ramp_limit_exceeded", RateLimited),
        (500, "api_error", "", UpstreamBroken),
        (502, "", "", UpstreamBroken),
        (503, "api_error", "", UpstreamBroken),
        (504, "timeout_error", "", UpstreamBroken),
        (529, "overloaded_error", "", Overloaded),
        (302, "", "", RequestRejected),
        (418, "", "", RequestRejected),
    ],
)
def test_an_answer_with_an_error_status_is_one_request_and_one_of_our_errors(
    upstream: Upstream, status: int, kind: str, code: str, expected: type[AttemptFailed]
) -> None:
    upstream.says(failure(status, kind, code=code))

    with pytest.raises(AttemptFailed) as caught:
        client.send(BODY, seconds=5)

    assert type(caught.value) is expected
    assert (caught.value.http_status, caught.value.request_id) == (status, "req_2")
    assert len(upstream.heard) == 1


def test_what_the_provider_says_of_itself_is_kept(upstream: Upstream) -> None:
    left = {"anthropic_ratelimit_requests_remaining": "7"}
    upstream.says(failure(429, "rate_limit_error", retry_after="3", **left))

    with pytest.raises(RateLimited, match="It says rate_limit_error") as caught:
        client.send(BODY, seconds=5)

    assert caught.value.retry_after_seconds == 3
    assert caught.value.rate_limits == {"requests-remaining": "7"}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("2", 2),
        ("1.5", 1.5),
        ("3600", 3600),
        ("-5", 0),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 12:01:30 -0000", 90),
        ("Saturday, 21-Nov-26 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 07:28:00 GMT", 0),
        ("Sat, 99 Nov 2026 07:28:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date_or_not_given(
    header: str, seconds: float | None
) -> None:
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False):
        error = client.translated(status_error(429, retry_after=header))

    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [("1500", 1.5), ("0", 0), ("-5", 0), ("soon", 7), ("", 7)]
)
def test_retry_after_in_milliseconds_goes_first(milliseconds: str, seconds: float) -> None:
    error = client.translated(status_error(429, retry_after_ms=milliseconds, retry_after="7"))

    assert error.retry_after_seconds == seconds


def test_without_the_header_there_is_no_retry_after() -> None:
    assert client.translated(status_error(429)).retry_after_seconds is None


@pytest.mark.parametrize(
    "answer",
    [
        Canned(b"<html>Please log in</html>", headers={"content-type": "text/html"}),
        Canned(b"{half"),
        Canned({}),
        Canned([]),
        Canned({"content": None, "usage": None}),
        Canned({"model": HAIKU, "content": [{"type": "text", "text": "x"}], "usage": {}}),
        Canned(b"no gzip", headers={"content-encoding": "gzip"}),
    ],
    ids=["a page", "broken JSON", "nothing in it", "a list", "nulls", "no tokens", "bad encoding"],
)
def test_a_200_that_is_no_message_counts_as_lost_and_perhaps_billed(
    upstream: Upstream, answer: Canned
) -> None:
    upstream.says(answer)

    with pytest.raises(ConnectionLost):
        client.send(BODY, seconds=5)


@pytest.mark.parametrize("url", ["not an address", "ftp://claude.test", "http://\x00"])
def test_an_unusable_base_url_is_a_fault_of_ours(
    own_clients: None, url: str, settings: Settings
) -> None:
    settings.ANTHROPIC_BASE_URL = url

    with pytest.raises(RequestRejected, match="base URL"):
        client.send(BODY, seconds=1)


def test_an_address_where_nobody_listens_was_not_reached(
    own_clients: None, settings: Settings
) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(NotReached):
        client.send(BODY, seconds=1)
