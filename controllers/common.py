def read_write(_controller, _rule, _args):
    """Value of ``readonly`` for routes that Odoo declares read-only and that write
    here, since what passes is recorded. A plain False would be warned about
    whenever a server starts."""
    return False
