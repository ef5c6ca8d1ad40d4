"""`python -m ferrata`."""

import sys

from ferrata.cli import main

sys.exit(main())
