"""Keys, versions, sizes, paths: what is refused before a request is read closely."""

import anthropic
import pytest

from triage.simulator import RunningSimulator

from .helpers import HAIKU, say, send_raw

GOOD = {"x-api-key": "sim", "anthropic-version": "2026-10-21"}
BODY = b'{"model": "claude-haiku-5-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}'


def test_bearer_key_is_accepted(client: anthropic.Anthropic) -> None:
    assert say(client).type == "message"


def test_x_api_key_is_accepted(simulator: RunningSimulator) -> None:
    assert send_raw(simulator, BODY, GOOD)[0] == 200


def test_missing_key_is_a_401(simulator: RunningSimulator) -> None:
    status, body, _ = send_raw(simulator, BODY, {"anthropic-version": "2026-10-21"})

    assert (status, body["error"]["type"]) == (401, "authentication_error")


def test_key_named_invalid_is_a_401(simulator: RunningSimulator) -> None:
    with (
        anthropic.Anthropic(
            api_key="invalid", base_url=simulator.base_url, max_retries=0
        ) as stranger,
        pytest.raises(anthropic.AuthenticationError),
    ):
        say(stranger)


def test_missing_version_is_a_400_that_names_the_header(simulator: RunningSimulator) -> None:
    status, body, _ = send_raw(simulator, BODY, {"x-api-key": "sim"})

    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert "anthropic-version" in body["error"]["message"]


def test_error_body_and_header_name_the_same_request(simulator: RunningSimulator) -> None:
    _, body, headers = send_raw(simulator, b"{", GOOD)

    assert body["type"] == "error"
    assert body["request_id"] == headers["request-id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"hi"', b"\xff", b'"\\ud83d"', b"NaN", b"[" * 9_999]
)
def test_body_that_is_no_json_object_is_a_400(simulator: RunningSimulator, body: bytes) -> None:
    assert send_raw(simulator, body, GOOD)[0] == 400


def test_body_over_32_megabytes_is_a_413(simulator: RunningSimulator) -> None:
    status, body, _ = send_raw(simulator, b" " * (32 * 1024 * 1024 + 1), GOOD)

    assert (status, body["error"]["type"]) == (413, "request_too_large")


def test_unknown_path_is_a_404_in_the_same_shape(simulator: RunningSimulator) -> None:
    status, body, _ = send_raw(simulator, BODY, GOOD, path="/v1/complete")

    assert (status, body["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize("model", ["claude-sonnet-4-20250514", "claude-sonnet-4-6-20261001"])
def test_retired_or_invented_model_is_a_404(client: anthropic.Anthropic, model: str) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(  # not through the SDK's table of deprecated models
            model=HAIKU,
            max_tokens=9,
            messages=[{"role": "user", "content": "hi"}],
            extra_body={"model": model},
        )

    assert caught.value.api_message == f"model: {model}"


def test_answer_carries_request_id_and_rate_limit_headers(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(
        model=HAIKU, max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    )

    assert raw.headers["request-id"].startswith("req_")
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        for field in ("limit", "remaining", "reset"):
            assert f"anthropic-ratelimit-{kind}-{field}" in raw.headers
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "9999"
