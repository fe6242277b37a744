"""POST /v1/messages and /v1/messages/count_tokens."""

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from triage.simulator import tokens
from triage.simulator.asking import Rulebook, read_ask
from triage.simulator.bill import Outcome, new_request_id
from triage.simulator.connection import Connection
from triage.simulator.errors import ApiError
from triage.simulator.exchange import Exchange
from triage.simulator.rules import COUNT_FIELDS, MESSAGE_FIELDS
from triage.simulator.serving import serve
from triage.simulator.state import Simulator


class MessagesEndpoint:
    """Answers one message request and writes its row on the bill."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a row, check the request, serve it."""
        connection, bill = Connection(scope, receive, send), self.simulator.bill
        row = bill.open()
        rules = Rulebook(MESSAGE_FIELDS, self.simulator.catalogue, row.at)
        try:
            ask = await read_ask(connection, rules, row=row)
            await serve(Exchange(self.simulator, bill, row, ask, connection))
        except ClientDisconnect:
            bill.settle(row, Outcome.LEFT)
        except ApiError as error:
            outcome = Outcome.REFUSED if error.is_refusal else Outcome.FAULTED
            bill.settle(row, outcome, status=error.status)
            await error.response(row.request_id)(scope, receive, send)
        except Exception:
            bill.settle(row, Outcome.FAULTED, status=500)
            raise


class CountTokensEndpoint:
    """Says how many input tokens a request would have; free, and no row on the bill."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request and count."""
        connection = Connection(scope, receive, send)
        request_id = new_request_id()
        rules = Rulebook(COUNT_FIELDS, self.simulator.catalogue, self.simulator.clock())
        try:
            ask = await read_ask(connection, rules)
        except ClientDisconnect:
            return
        except ApiError as error:
            await error.response(request_id)(scope, receive, send)
            return
        count = {"input_tokens": tokens.of_request(ask.body, ask.model)}
        await JSONResponse(count, headers={"request-id": request_id})(scope, receive, send)
