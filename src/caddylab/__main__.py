"""`python -m caddylab` is the command `caddylab`."""

import sys

from caddylab.cli import main

sys.exit(main())
