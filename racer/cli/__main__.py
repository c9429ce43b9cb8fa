"""`python -m racer.cli`: the command line without the console script."""

import sys

from racer.cli import main

sys.exit(main())
