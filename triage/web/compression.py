"""Pages go compressed: a queue of fifty rows is 80 kB of markup and 10 kB on the wire.

Django pads each answer by a random length, so that secrets beside echoed text cannot be guessed from its size. What is
streamed stays as it is: an event must not wait until there is enough to compress.
"""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """gzip for whole answers, for clients that ask for it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not isinstance(response, HttpResponse):
            return response
        return super().process_response(request, response)
