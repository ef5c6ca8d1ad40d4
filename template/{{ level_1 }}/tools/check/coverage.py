"""What the tests of several gates have covered together: ``python -m tools.check.coverage FOLDER``."""

import sys
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException


def main() -> int:
    """Combine the data files of a folder, and write the reports beside them."""
    work = Path(sys.argv[1])
    measured = Coverage(data_file=str(work / ".coverage"))
    try:
        measured.combine([str(path) for path in sorted(work.glob(".coverage.*"))], strict=True)
        percent = measured.json_report(outfile=str(work / "coverage.json"))
        measured.xml_report(outfile=str(work / "coverage.xml"))
        measured.html_report(directory=str(work / "coverage"))
    except CoverageException as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{percent:.2f} % is covered\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
