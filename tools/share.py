"""Arithmetic of sharing an amount."""

from decimal import ROUND_HALF_UP, Decimal


def share(total, weights, rounding):
    """Share an amount in proportion to weights.

    What rounding leaves over goes, a unit each, to the shares that lost most by it, so
    that they add up to the amount, itself rounded.

    :param float total: amount, not negative
    :param weights: list of numbers; a negative one counts as 0. Where nothing has
        weight, all have the same
    :param float rounding: smallest unit of a share, such as 0.01
    :return: list of as many shares

    >>> share(100, [1, 1, 1], 0.01)
    [33.34, 33.33, 33.33]
    >>> sum(Decimal(str(part)) for part in share(100, [1, 1, 1], 0.01))
    Decimal('100.00')
    >>> share(10, [50, 30, 20], 1)
    [5.0, 3.0, 2.0]
    >>> share(10, [1, 2, 4], 1)
    [1.0, 3.0, 6.0]
    >>> share(7, [0, 0, -5], 1)
    [3.0, 2.0, 2.0]
    >>> share(90, [3, -5, 0], 0.05)
    [90.0, 0.0, 0.0]
    >>> share(0, [1, 2], 0.01)
    [0.0, 0.0]
    >>> share(5, [], 1)
    []
    """
    unit = Decimal(str(rounding))
    weights = [max(Decimal(str(weight)), Decimal(0)) for weight in weights]
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    units = int((Decimal(str(total)) / unit).to_integral_value(ROUND_HALF_UP))
    exact = [units * weight / sum(weights) for weight in weights]
    shares = [int(part) for part in exact]
    # with the same loss the first one gets it
    order = sorted(range(len(exact)), key=lambda index: shares[index] - exact[index])
    for index in order[: units - sum(shares)]:
        shares[index] += 1
    return [float(unit * part) for part in shares]
