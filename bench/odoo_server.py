"""Odoo's command line as a program of its own: see ``PROGRAM`` in server.py."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts the folder of the program first: nothing here is for Odoo
    sys.path.remove(str(Path(__file__).resolve().parent))
    from odoo.cli.command import main

    main()
