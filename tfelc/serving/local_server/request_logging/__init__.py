"""request_logging."""
