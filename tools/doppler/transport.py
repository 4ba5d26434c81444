"""Sends one request after the other to the service, and tells what became of it."""

import json
import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from .errors import (
    AmbiguousError,
    AuthenticationError,
    NotFoundError,
    PersonError,
    RetryableError,
    TerminalError,
)
from .parsing import storable

TIMEOUT = (10, 40)  # seconds to connect, and between two bytes of an answer
DEADLINE = 120  # seconds until an answer is there whole, however it trickles
PATIENCE = 20  # seconds that a request waits in all before it gives up for now
FIRST_PAUSE = 0.5  # seconds before a request is tried again, doubled each time
LONGEST_PAUSE = 86400  # seconds, whatever the service asks for
MOST_BYTES = 50_000_000  # of an answer
SHOWN = 200  # characters of what the service says

# Refused before anything was done: such a request may be sent again whatever it does.
NOT_DONE = (408, 425, 429)
CANNOT_SUBSCRIBE = ("400.6", "400.9")
NOT_FOUND = "404.1"

_PRINTABLE = re.compile(r"[!-~]+")
_TAGS = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def one_line(text):
    """What is shown of a text that somebody else wrote.

    >>> one_line("<html><head><title>x</title></head><h1>Bad\\n Gateway</h1></html>")
    'Bad Gateway'
    >>> len(one_line("a" * 1000))
    200
    """
    return " ".join(storable(_TAGS.sub(" ", text)).split())[:SHOWN]


def backoff(attempt, jitter, first=None):
    """Seconds to wait before the next attempt: at least half of what doubles each time.

    :param int attempt: number of the one that failed, from 0
    :param float jitter: from 0 to 1

    >>> [backoff(attempt, 1, 0.5) for attempt in range(4)]
    [0.5, 1.0, 2.0, 4.0]
    >>> backoff(3, 0, 0.5)
    2.0
    """
    first = FIRST_PAUSE if first is None else first
    return first * 2**attempt * (0.5 + jitter / 2)


def retry_after(text, now):
    """Seconds of a header ``Retry-After``, which says a number or a date.

    :param datetime now: with its time zone
    :return: float, or None where there is nothing that can be understood

    >>> now = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    >>> retry_after("7", now), retry_after("Fri, 01 May 2026 10:00:30 GMT", now)
    (7.0, 30.0)
    >>> retry_after("Fri, 01 May 2026 09:00:00 GMT", now), retry_after("9" * 400, now)
    (0.0, 86400.0)
    >>> retry_after("soon", now), retry_after(None, now), retry_after("-3", now)
    (None, None, None)
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:10])
    else:
        try:
            date = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            return None
        if not date.tzinfo:
            date = date.replace(tzinfo=UTC)
        seconds = (date - now).total_seconds()
    return float(min(max(seconds, 0), LONGEST_PAUSE))


class Throttle:
    """Lets at most ``rate`` requests pass in a second."""

    def __init__(self, rate, clock, sleep):
        self._gap = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self):
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._gap


class TokenAuth(AuthBase):
    """Puts the key into the header, and keeps ``requests`` from putting there what a
    file ``.netrc`` has for this host."""

    def __init__(self, key):
        self._key = key

    def __call__(self, request):
        request.headers["Authorization"] = f"token {self._key}"
        return request


class PatientAdapter(HTTPAdapter):
    """Knows the time-outs of its requests: nobody can forget them, and tests of Odoo
    only understand those that are one number."""

    def __init__(self, timeout):
        self._timeout = timeout
        super().__init__()

    def send(self, request, **options):
        return super().send(request, **{**options, "timeout": self._timeout})


class Transport:
    """One connection with the service, in the name of an account.

    :raise TerminalError: where the address is none of the web
    """

    def __init__(self, account, key, base_url, rate, timeout, clock, sleep):
        self._base = f"{web_address(base_url)}/accounts/{quote(account, safe='')}"
        self._key = (key or "").strip()
        self._clock = clock
        self._sleep = sleep
        self._throttle = Throttle(rate, clock, sleep)
        self._session = requests.Session()
        self._session.auth = TokenAuth(self._key)
        adapter = PatientAdapter(timeout or TIMEOUT)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers.update(
            {
                "Accept": "application/json, application/problem+json",
                "Accept-Encoding": "identity",
                "User-Agent": "Odoo crm_gestion",
            }
        )

    def ask(self, method, path, params=None, body=None, headers=None, empty=False):
        """Send a request, and again where that can do no harm.

        :param path: below the account, its parts percent-encoded
        :param body: what goes there as JSON
        :param bool empty: whether success may come without a body
        :return: dict of the answer
        :raise DopplerError: the kind says what to do, see ``errors``
        """
        if not _PRINTABLE.fullmatch(self._key):
            # the libraries below would show it in what they raise
            raise AuthenticationError("There is no key, or it has odd characters.")
        start, attempt = self._clock(), 0
        while True:
            answer, failure = self._try(method, path, params, body, headers, empty)
            if failure is None:
                return answer
            pause = self._pause(failure, attempt)
            if pause is None or self._clock() - start + pause > PATIENCE:
                raise failure
            self._sleep(pause)
            attempt += 1

    @staticmethod
    def _pause(failure, attempt):
        """:return: seconds until the request may be sent again, None for never"""
        if isinstance(failure, AmbiguousError) or not isinstance(
            failure, RetryableError
        ):
            return None
        if failure.retry_after is not None:
            return failure.retry_after
        return backoff(attempt, random.random())

    # What `requests` raises holds the request and so the key, also as the context of
    # what would be raised while it is handled: failures are made here and raised above.
    def _try(self, method, path, params, body, headers, empty):
        """:return: tuple dict of the answer, None; or None, failure"""
        self._throttle.wait()
        unsure = AmbiguousError if method == "POST" else RetryableError
        try:
            with self._session.request(
                method,
                self._base + path,
                params=params,
                json=body,
                headers=headers,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._read(response)
        except requests.ConnectTimeout:
            return None, RetryableError("The service cannot be reached: time-out.")
        except requests.Timeout:
            return None, unsure("The service did not answer in time.")
        except requests.ConnectionError as error:
            return None, self._unconnected(error, unsure)
        except ValueError:
            return None, TerminalError("The request could not be made.")
        except (requests.RequestException, OSError):
            return None, unsure("The connection with the service failed.")
        if content is None:
            return None, unsure("The service did not send its answer whole, in time.")
        return self._understood(response, content, unsure, empty)

    @staticmethod
    def _unconnected(error, unsure):
        if isinstance(error, requests.exceptions.SSLError):
            return RetryableError("The service has no valid certificate.")
        if isinstance(error, requests.exceptions.ProxyError):
            return RetryableError("The proxy does not reach the service.")
        # urllib3 says so where there was nobody to send the request to
        if "NewConnectionError" in repr(error) or "NameResolution" in repr(error):
            return RetryableError("The service cannot be reached.")
        return unsure("The service broke the connection off.")

    def _read(self, response):
        """:return: bytes of the body, None where it is not whole, too slow or huge"""
        end = self._clock() + DEADLINE
        # one reading of the socket at a time, urllib3 has it since 2.2; before that
        # few bytes, since it waits until all that were asked for are there
        read = getattr(response.raw, "read1", None)
        pieces, size = [], 0
        try:
            while True:
                piece = (
                    read(65536, decode_content=True)
                    if read
                    else response.raw.read(64, decode_content=True)
                )
                if not piece:
                    break
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES or self._clock() > end:
                    return None
        except Exception:  # of urllib3, http.client or the socket: it broke off
            return None
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > size:
            return None
        return b"".join(pieces)

    def _understood(self, response, content, unsure, empty):
        status = response.status_code
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if 200 <= status < 300:
            if isinstance(answer, dict):
                return answer, None
            if empty and not content.strip():
                return {}, None
            return None, unsure("The service did not answer with JSON.", str(status))
        problem = answer if isinstance(answer, dict) else {}
        return None, self._failure(response, content, problem, unsure)

    def _failure(self, response, content, problem, unsure):
        status = response.status_code
        code = str(status)
        if problem.get("errorCode") is not None:
            code = self._shown(f"{status}.{problem['errorCode']}")
        errors = self._errors(problem)
        detail = self._shown(
            "; ".join(f"{key}: {text}" for key, text in errors)
            or problem.get("detail")
            or problem.get("title")
            or content.decode("utf-8", "replace")
        )
        detail = f"{detail or 'No explanation.'} ({code})"
        if status in (401, 403):
            return AuthenticationError(detail, code, errors)
        if 300 <= status < 400:
            return RetryableError(f"The service is at another address ({code}).", code)
        if status in NOT_DONE or (status >= 500 and status != 501):
            kind = RetryableError if status in NOT_DONE else unsure
            wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            return kind(detail, code, errors, retry_after=wait)
        if code in CANNOT_SUBSCRIBE:
            # the address of somebody may have the word too
            reason = str(problem.get("detail")).rpartition("Reason:")[2]
            return PersonError(detail, code, errors, "unsubscribed" in reason.lower())
        if code == NOT_FOUND:
            return NotFoundError(detail, code, errors)
        return TerminalError(detail, code, errors)

    def _errors(self, problem):
        """:return: list of key and detail of a validation error"""
        errors = problem.get("errors")
        return [
            (self._shown(error.get("key")), self._shown(error.get("detail")))
            for error in (errors if isinstance(errors, list) else [])
            if isinstance(error, dict)
        ]

    def _shown(self, text):
        text = storable(str(text or ""))
        if self._key:  # in case the service repeats what it got
            text = re.sub(re.escape(self._key), "***", text, flags=re.IGNORECASE)
        return one_line(text)


def web_address(url):
    """
    :raise TerminalError: where this is none

    >>> web_address(" https://restapi.fromdoppler.com/ ")
    'https://restapi.fromdoppler.com'
    >>> web_address("file:///etc/passwd")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    TerminalError: The address
    """
    url = (url or "").strip()
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.username or parts.query or parts.fragment:
        raise TerminalError("The address of the service must begin with https://.")
    return url.rstrip("/")
