# ruff: noqa: F821
"""Take away the add-ons UNINSTALLED, as the button of the Apps page does."""

env["ir.module.module"].search(
    [("name", "in", UNINSTALLED), ("state", "=", "installed")]
).button_immediate_uninstall()
