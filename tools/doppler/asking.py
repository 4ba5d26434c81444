"""Many questions to the service, of which some may go wrong."""

from .errors import RetryableError, TerminalError

FEW = 3  # in a row without any answer: it is the service, and not what is asked about


def ask_each(ask, keys):
    """Ask the same about each of these, whatever becomes of the others.

    :param ask: method of the client, with one argument
    :param keys: that it is called with, one after the other
    :return: dict key -> answer, and dict key -> error of those without one
    :raise RetryableError: where the service answers nothing at all
    :raise AuthenticationError: as the client does

    >>> from .errors import NotFoundError
    >>> def ask(key):
    ...     if key == "c":
    ...         raise RetryableError("busy")
    ...     if key == "b":
    ...         raise NotFoundError("gone")
    ...     return key.upper()
    >>> answers, errors = ask_each(ask, ["c", "a", "b"])
    >>> answers, {key: error.detail for key, error in errors.items()}
    ({'a': 'A'}, {'c': 'busy', 'b': 'gone'})
    >>> ask_each(ask, ["c"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    RetryableError: busy
    """
    answers, errors, silent = {}, {}, []
    for key in keys:
        try:
            answers[key] = ask(key)
        except TerminalError as error:
            errors[key] = error
        except RetryableError as error:
            errors[key] = error
            silent.append(error)
            if len(silent) == FEW and len(errors) == FEW and not answers:
                break
    if silent and len(silent) == len(errors) and not answers:
        raise silent[0]
    return answers, errors
