"""Rows and values for tests that say only what matters to them."""

from tests.factories.intake import new_ticket, write_csv, write_jsonl

__all__ = ["new_ticket", "write_csv", "write_jsonl"]
