"""`python -m tests.matrix`: prove every combination and write docs/reference/proof.md."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ferrata.matrix import Combination, combinations, requests
from tests.matrix.page import page
from tests.matrix.proof import Proof, prove
from tests.support import ROOT, answers_of, extension

RICH = "telemedicine"
PAGE = ROOT / "docs/reference/proof.md"


def main() -> int:
    """Prove, write the page, say what is wrong; 1 if anything is."""
    asked = [Combination(level, modules) for level, modules in requests(extension())]
    proof = proven([*asked, *(one for one in combinations(extension()) if one not in asked)])
    PAGE.write_text(page(proof, RICH, extension()), "utf-8")
    for line in proof.told():
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")
    return int(bool(proof.offences))


def proven(asked: list[Combination]) -> Proof:
    """Prove answer sets, with a bar that shows how far it is."""
    columns = (TextColumn("Rendering and checking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(asked))
        return prove(ROOT, answers_of(RICH), asked, progress=lambda n: bar.advance(task, n))


if __name__ == "__main__":
    sys.exit(main())
