import sys

from tools.handoff.cli import main

sys.exit(main())
