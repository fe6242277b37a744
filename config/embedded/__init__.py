"""A private PostgreSQL and Redis from wheels, where the environment names none.

`servers` is the door; `python -m config.embedded -- COMMAND` runs a command inside it. Nothing
here imports Django: the servers run before settings exist.
"""

from config.embedded.errors import EmbeddedError
from config.embedded.session import servers

__all__ = ["EmbeddedError", "servers"]
