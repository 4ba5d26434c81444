def spread(count, days):
    """Share a number of things among days in order, as evenly as it goes.

    :param int count: how many there are
    :param list days: on which they may be
    :return: list of a day for each of them

    >>> spread(5, ["mon", "tue"])
    ['mon', 'mon', 'mon', 'tue', 'tue']
    >>> spread(2, ["mon", "tue", "wed", "thu"])
    ['mon', 'wed']
    >>> spread(0, ["mon"])
    []
    """
    return [days[index * len(days) // count] for index in range(count)]


def deal(things, load):
    """Deal things out one by one, each to who has fewest then; the first of equals.

    :param things: what is dealt
    :param dict load: who takes part -> how many he has already
    :return: dict of who takes part -> list of things

    >>> deal("abcd", {"ana": 0, "luis": 0})
    {'ana': ['a', 'c'], 'luis': ['b', 'd']}
    >>> deal("abc", {"ana": 2, "luis": 0})
    {'ana': ['c'], 'luis': ['a', 'b']}
    >>> deal("abc", {})
    {}
    """
    load = dict(load)
    dealt = {who: [] for who in load}
    for thing in things if load else ():
        who = min(load, key=load.get)
        dealt[who].append(thing)
        load[who] += 1
    return dealt
