"""What a user should know of how a log was read."""


class ReadingWarning(UserWarning):
    """A log was read in a way that its owner may not have meant; the message says how to have it otherwise."""
