"""What a campaign brought: arithmetic without database."""


def ratio(part, whole):
    """
    :return: part / whole; 0 where there is no whole

    >>> ratio(50.0, 200.0)
    0.25
    >>> ratio(50.0, 0)
    0.0
    """
    return part / whole if whole else 0.0


def roi(revenue, cost):
    """Return on what a campaign cost, as a ratio: 1.5 is 150 %.

    >>> roi(2500.0, 1000.0)
    1.5
    >>> roi(500.0, 1000.0)
    -0.5
    >>> roi(500.0, 0.0)
    0.0
    """
    return ratio(revenue - cost, cost)


def rolled_up(tree, own, size):
    """Add up figures of campaigns and of those below them.

    :param tree: dict campaign -> ids of itself and all campaigns below
    :param own: dict id of a campaign -> tuple of its own figures
    :param int size: how many figures there are
    :return: dict campaign -> list of figures

    >>> rolled_up({"fair": [1, 2], "stand": [2]}, {1: (3, 0.5), 2: (4, 1.0)}, 2)
    {'fair': [7, 1.5], 'stand': [4, 1.0]}
    >>> rolled_up({"mailing": [5]}, {}, 2)
    {'mailing': [0, 0]}
    """
    nothing = (0,) * size
    return {
        campaign: [sum(values) for values in zip(*rows, strict=True)]
        for campaign, rows in (
            (campaign, [own.get(campaign_id, nothing) for campaign_id in ids])
            for campaign, ids in tree.items()
        )
    }
