"""A request that fails, with the canonical code that both protocols answer."""

from __future__ import annotations

import grpc
import tensorflow as tf

_HTTP = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}


class ServingError(Exception):
    """An answer other than the one asked for.

    Attributes:
        code: The canonical status code.
        message: What went wrong, for the caller.
        http_status: What REST answers. Defaults to TensorFlow Serving's translation of the code.
    """

    def __init__(self, code: grpc.StatusCode, message: str, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or _HTTP.get(code, 500)

    @classmethod
    def invalid(cls, message: str) -> ServingError:
        """The request itself is wrong: INVALID_ARGUMENT, 400."""
        return cls(grpc.StatusCode.INVALID_ARGUMENT, message)

    @classmethod
    def of(cls, error: Exception) -> ServingError:
        """Translates what a session or the server's own code raised."""
        if isinstance(error, ServingError):
            return error
        if isinstance(error, tf.errors.OpError):
            return cls(_BY_NUMBER.get(error.error_code, grpc.StatusCode.UNKNOWN), str(error.message))
        return cls(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
