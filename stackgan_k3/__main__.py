"""``python -m stackgan_k3``: the command line."""

import sys

from stackgan_k3.cli import main

if __name__ == "__main__":
    sys.exit(main())
