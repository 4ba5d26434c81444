"""What an account is to the company: arithmetic without database."""


def account_status(current, last_sale, limit, evidence=False):
    """Tell the status of an account from its last sale.

    :param current: status it has, or False
    :param date last_sale: date of the last confirmed order or posted invoice, or False
    :param date limit: an account without a sale since then is a former customer
    :param bool evidence: whether there is an opportunity, a gestión or an origination
    :return: ``customer``, ``former``, ``potential`` or False. What was of commercial
        interest once stays at least a potential customer.

    >>> from datetime import date
    >>> limit = date(2026, 1, 1)
    >>> account_status(False, date(2026, 5, 1), limit)
    'customer'
    >>> account_status("customer", date(2025, 12, 31), limit)
    'former'
    >>> account_status("customer", False, limit)
    'potential'
    >>> account_status(False, False, limit)
    False
    >>> account_status(False, False, limit, evidence=True)
    'potential'
    """
    if last_sale:
        return "customer" if last_sale >= limit else "former"
    return "potential" if current or evidence else False


def completeness(values):
    """Percentage of the data that are there.

    :param values: the values of the data that count
    :return: int from 0 to 100; 100 where nothing counts

    >>> completeness(["x", "", False, 4])
    50
    >>> completeness([1, 0, 0])
    33
    >>> completeness([])
    100
    """
    values = list(values)
    if not values:
        return 100
    return round(100 * sum(map(bool, values)) / len(values))
