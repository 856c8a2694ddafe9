"""`python -m couchcal` and the `couchcal` command."""

from __future__ import annotations

import sys

from couchcal.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
