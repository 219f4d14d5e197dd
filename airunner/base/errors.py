"""The one error family: each class carries a code, a sentence for people and an HTTP status.

Raise close to the cause; `api.replies` is the only place that turns one into a response.
Status codes are those of RFC 9110 (and RFC 6585 for 429 and 431).
"""

from __future__ import annotations

from collections.abc import Mapping


class AirunnerError(Exception):
    """Base of all errors that a caller can be told about.

    `message` says what is wrong and what to do. `fields` maps a field's name to why it was refused.
    `headers` are sent with the response (`Retry-After`, `Allow`).
    """

    status = 500
    code = "broken"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


class Invalid(AirunnerError):
    """The request cannot be understood or breaks a rule; `fields` names every problem."""

    status = 400
    code = "invalid"


class Unauthorised(AirunnerError):
    """No token, or one that is unknown, revoked or expired."""

    status = 401
    code = "unauthorised"


class Forbidden(AirunnerError):
    """A valid token without the role, or a request from a place that is not allowed."""

    status = 403
    code = "forbidden"


class NotFound(AirunnerError):
    """There is no such thing; a malformed id is not found, too."""

    status = 404
    code = "not_found"


class MethodNotAllowed(AirunnerError):
    """The path exists, the method does not; `headers` carries `Allow`."""

    status = 405
    code = "method_not_allowed"


class Conflict(AirunnerError):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"


class PreconditionFailed(AirunnerError):
    """`If-Match` names a version that is no longer the current one."""

    status = 412
    code = "changed_meanwhile"


class TooLarge(AirunnerError):
    """The body is over the limit."""

    status = 413
    code = "too_large"


class Unsupported(AirunnerError):
    """The body's media type or coding is not one we read."""

    status = 415
    code = "unsupported_media_type"


class Throttled(AirunnerError):
    """Too many failed log-ins or connections from one place."""

    status = 429
    code = "throttled"


class HeadTooLarge(AirunnerError):
    """The request line or the header fields are over the limit."""

    status = 431
    code = "head_too_large"


class Broken(AirunnerError):
    """A fault of ours; the log has the details."""

    status = 500
    code = "broken"


class Unimplemented(AirunnerError):
    """A transfer coding or method that HTTP knows and this server does not."""

    status = 501
    code = "not_supported"


class Busy(AirunnerError):
    """Something the request needs is away for the moment; trying again makes sense."""

    status = 503
    code = "unavailable"

    def __init__(self, message: str, *, retry_after: int = 2, code: str | None = None) -> None:
        super().__init__(message, code=code, headers={"Retry-After": str(retry_after)})
