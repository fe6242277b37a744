"""Rows and values for tests that say only what matters to them."""

from tests.factories.intake import NewTicketFactory, write_csv, write_jsonl

__all__ = ["NewTicketFactory", "write_csv", "write_jsonl"]
