"""How what people type for a customer is compared with what the database knows."""

import re


def plain(text):
    """Text as it is compared: without case and superfluous spaces.

    >>> plain("  Aceites   del Sur ")
    'aceites del sur'
    >>> plain(False)
    ''
    """
    return " ".join(str(text or "").split()).lower()


def tax_id(text):
    """Tax number without spaces, dots and dashes.

    >>> tax_id("es b-12.345.674")
    'ESB12345674'
    """
    return re.sub(r"[^0-9A-Z]", "", str(text or "").upper())


def without_country(number):
    """Tax number without the two letters of its country, where it has them.

    >>> without_country("ESB12345674")
    'B12345674'
    >>> without_country("B12345674")
    'B12345674'
    """
    return number[2:] if number[:2].isalpha() else number


def same_tax_id(one, other):
    """Tell whether two numbers are the same; one of them may lack its country.

    >>> same_tax_id("ES B12345674", "B-12345674")
    True
    >>> same_tax_id("ESB12345674", "FRB12345674")
    False
    """
    one, other = tax_id(one), tax_id(other)
    return bool(one and other) and (
        one == other or one == without_country(other) or without_country(one) == other
    )
