def read_write(_controller, _rule, _args):
    """``readonly`` of routes that Odoo serves read-only and that are recorded here: a
    plain False would be warned about whenever a server starts."""
    return False
