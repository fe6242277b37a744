"""What every endpoint shares: the token and its scopes, the rate and its headers, strict bodies, pages."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken, User
from triage.api import rates
from triage.api.auth import HasScope, TokenAuthentication
from triage.api.errors import request_id
from triage.api.parsing import StrictJSONParser


class Endpoint(APIView):
    """One address of the API.

    `scopes` names, by method, what a token must be allowed; a method that is not in it asks for a token and no more.
    """

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    scopes: ClassVar[Mapping[str, str]] = {}

    @property
    def by(self) -> User:
        """The user behind the token."""
        return cast("User", self.request.user)

    @property
    def token(self) -> ApiToken:
        return cast("ApiToken", self.request.auth)

    def check_throttles(self, request: Request) -> None:
        self.standing = rates.take(self.token)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, rates.TooMany):
            self.standing = exc.standing
        return super().handle_exception(exc)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        standing: rates.Standing | None = getattr(self, "standing", None)
        if standing:
            standing.write_to(answer)
        answer["X-Request-Id"] = request_id()
        answer["Cache-Control"] = "no-store"
        return answer

    def valid(self, kind: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        """The body's fields, checked.

        Raises:
            ValidationError: Some field is missing, unknown or unusable.
        """
        serializer = kind(data=self.request.data, **options)
        serializer.is_valid(raise_exception=True)
        return cast("dict[str, Any]", serializer.validated_data)


TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int, float), "a number"),
    (serializers.FloatField, (int, float), "a number"),
    (serializers.CharField, (str,), "text"),
    (serializers.ChoiceField, (str,), "text"),
    (serializers.DateTimeField, (str,), "text"),
    (serializers.ListField, (list,), "a list"),
    (serializers.DictField, (dict,), "an object"),
)


class Body(serializers.Serializer[Any]):
    """Fields of a body. One that it does not name is refused: a misspelt field would be lost silently.

    So is a value of another type: what is meant by a number where text belongs is a guess.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            faults = {str(name)[:100]: _fault("There is no such field.") for name in data}
            for name, field in self.fields.items():
                faults.pop(name, None)
                if fault := _type_fault(field, data.get(name)):
                    faults[name] = fault
            if faults:
                raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


def _fault(message: str, code: str = "unknown") -> Any:
    return [serializers.ErrorDetail(message, code=code)]


def _type_fault(field: Any, value: Any) -> Any:
    """What is wrong with the type or the length, as it came, of a value or of one in a list; None where nothing is."""
    if value is None:
        return None
    for kind, types, words in TYPES:
        if isinstance(field, kind):
            is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            if not is_right:
                return _fault(f"Must be {words}.", code="invalid")
            break
    if isinstance(field, serializers.CharField) and len(value) > (field.max_length or len(value)):
        return _fault(f"Has more than {field.max_length} characters.", code="max_length")
    if isinstance(field, serializers.ListField):
        inner = {at: _type_fault(field.child, each) for at, each in enumerate(value)}
        return {at: fault for at, fault in inner.items() if fault} or None
    return None
