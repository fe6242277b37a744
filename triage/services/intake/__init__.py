"""The one way in for tickets: the API, the import and the form all call `receive`."""

from triage.services.intake.receiving import NewTicket, Received, receive, receive_many

__all__ = ["NewTicket", "Received", "receive", "receive_many"]
