"""`python -m countenance`: the same as the command `countenance`."""

import sys

from countenance.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
