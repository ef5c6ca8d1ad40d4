"""`python -m tests.matrix`: prove every combination and write docs/reference/proof.md."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.matrix.page import PAGE, page, too_slow
from tests.matrix.proof import Proof, prove_all
from tests.matrix.sample import all_jobs
from tests.support import ROOT, extension


def main() -> int:
    """Prove, write the page, say what is wrong, and what takes too long; 1 if there is anything."""
    proof = proven()
    PAGE.write_text(page(proof, extension()), "utf-8")
    slow = too_slow(proof, extension())
    for line in [*proof.told(), *([slow] if slow else [])]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")
    return int(bool(proof.offences or slow))


def proven() -> Proof:
    """Prove everything, with a bar that shows how far it is."""
    jobs = all_jobs(extension())
    columns = (TextColumn("Rendering and checking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(jobs))
        return prove_all(ROOT, jobs, progress=lambda n: bar.advance(task, n))


if __name__ == "__main__":
    sys.exit(main())
