"""The one error the embedded servers and the supervisor show to people."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


class EmbeddedError(Exception):
    """Something a person must know or mend, told in one clear line without passwords."""


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Turn the operating system's errors inside the block into one line that begins with `what`.

    Raises:
        EmbeddedError: In place of any OSError, with the file's name and the system's reason.
    """
    try:
        yield
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise EmbeddedError(f"{what}: {place}{reason}") from error
