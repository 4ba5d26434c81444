"""What the headers of an e-mail tell, without database."""

# Values of the header Precedence of what no person wrote to one other.
BULK = {"auto_reply", "bulk", "junk", "list"}
# Headers that only machines set.
MACHINE_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Response-Suppress",
    "List-Unsubscribe",
)


def is_automatic(headers):
    """Tell an out-of-office reply, a newsletter or another e-mail that no person wrote
    to another (RFC 3834, and what servers did before it).

    :param headers: e-mail, or dict of its headers

    >>> is_automatic({"Subject": "Your offer", "Auto-Submitted": "no"})
    False
    >>> is_automatic({"Auto-Submitted": "auto-replied"})
    True
    >>> is_automatic({"Precedence": "Bulk"})
    True
    >>> is_automatic({"X-Auto-Response-Suppress": "All"})
    True
    """
    submitted = str(headers.get("Auto-Submitted") or "no").strip().lower()
    precedence = str(headers.get("Precedence") or "").strip().lower()
    return (
        submitted != "no"
        or precedence in BULK
        or any(headers.get(name) for name in MACHINE_HEADERS)
    )
