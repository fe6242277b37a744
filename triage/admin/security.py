"""The admin area's own Content-Security-Policy.

django-unfold evaluates Alpine expressions and writes style attributes, which the policy of the other pages forbids.
"""

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin


class AdminPolicyMiddleware(MiddlewareMixin):
    """Replaces the policy of everything under the admin's address, errors and redirects too.

    Stands below `csp.middleware.CSPMiddleware`, which writes the header on the way out.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not request.path.startswith(reverse("admin:index")):
            return response
        relaxed = csp(settings.ADMIN_CONTENT_SECURITY_POLICY)
        return relaxed(lambda _request: response)(request)
