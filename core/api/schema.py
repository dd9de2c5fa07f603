"""How the API describes itself: OpenAPI 3.1."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from core.api.errors import CONTENT_TYPE
from core.looks import VIEW

PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; the rest is for people."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901; of a query parameter with `in: query`"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "in": {"type": "string", "enum": ["query"]},
                },
            },
        },
    },
    "additionalProperties": True,
}
PROBLEMS_OF = {
    "get": {"400": "Malformed or never right", "404": "No such thing, or none that you may see"},
    "write": {
        "400": "Malformed or never right",
        "404": "No such thing, or none that you may see",
        "409": "The present state does not allow it",
        "412": "Changed since you read it",
        "413": "The body is too large",
        "415": "The body is no JSON",
        "422": "The Idempotency-Key was used with another request",
    },
}
EVERYWHERE = {
    "401": "No key, or a bad one",
    "403": "The key may not do this",
    "406": "Only JSON is spoken here",
    "429": "More requests than agreed; see Retry-After",
}
VIEW_PARAMETER = OpenApiParameter(
    VIEW,
    str,
    description=(
        "The slug of a saved view of the same list in the back office: its filters and its search term; the other"
        " parameters narrow further. Keys use shared views, a signed-in person also her own."
    ),
)
KEY_HEADER = {"type": "string", "maxLength": 255}


class ApiSchema(AutoSchema):
    """Adds what all our views have in common."""

    def get_override_parameters(self) -> list[Any]:
        """Add the Idempotency-Key to what is done once, and the saved views to what is listed."""
        if self.method == "GET" and getattr(self.view, "saved_views", False):
            return [VIEW_PARAMETER]
        method = getattr(self.view, self.method.lower(), None)
        kind = getattr(method, "idempotency", None)
        if not kind:
            return []
        text = "Same key and body: the stored answer. Same key, other body: 422."
        header = OpenApiParameter(
            "Idempotency-Key", KEY_HEADER, OpenApiParameter.HEADER, required=kind == "required", description=text
        )
        return [header]


class BearerKeyScheme(OpenApiAuthenticationExtension):
    """How a key is sent."""

    target_class = "core.api.auth.BearerKey"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe it."""
        return {"type": "http", "scheme": "bearer", "description": "manage.py create_api_key NAME --scopes …"}


class StaffSessionScheme(OpenApiAuthenticationExtension):
    """How people at the desk are known."""

    target_class = "core.api.auth.StaffSession"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe it."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of every operation which problems it may answer with."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            for status, text in {**PROBLEMS_OF["get" if method == "get" else "write"], **EVERYWHERE}.items():
                operation["responses"].setdefault(status, {"description": text, "content": content})
    return result
