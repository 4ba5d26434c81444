"""What can go wrong with a request, by what is to be done about it.

::

    DopplerError
    |- RetryableError    the same request may succeed later
    |  `- AmbiguousError it may have been carried out: look before sending it again
    |- TerminalError     the same request will fail again
    |  |- NotFoundError  what it is about is gone
    |  `- PersonError    this person cannot be subscribed, whoever asks
    `- AuthenticationError  no request of the account will succeed

No error holds the key, in its text or in what it was raised from.
"""


class DopplerError(Exception):
    """
    :ivar str detail: what the service says, one line, without secrets
    :ivar str code: ``"{status}.{errorCode}"``, or the status alone, or empty where
        there was no answer
    :ivar list errors: of a validation error, tuples key, detail
    """

    def __init__(self, detail, code="", errors=()):
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.errors = list(errors)


class RetryableError(DopplerError):
    """
    :ivar retry_after: seconds that the service asks to wait, None where it does not
    """

    def __init__(self, detail, code="", errors=(), retry_after=None):
        super().__init__(detail, code, errors)
        self.retry_after = retry_after


class AmbiguousError(RetryableError):
    """A request that changes something got no usable answer."""


class TerminalError(DopplerError):
    pass


class NotFoundError(TerminalError):
    pass


class PersonError(TerminalError):
    """
    :ivar bool opted_out: whether the person unsubscribed, and not only an address that
        the service does not take
    """

    def __init__(self, detail, code="", errors=(), opted_out=False):
        super().__init__(detail, code, errors)
        self.opted_out = opted_out


class AuthenticationError(DopplerError):
    pass
