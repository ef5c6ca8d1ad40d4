"""`python tests/bench [PAGE]`: measure everything and write the page (a few minutes, Linux)."""

import sys
import tempfile
from pathlib import Path

import cli_start
import climbing
import gates
import generation
import levels
import load
import report
from working_tree import ROOT

PAGE = ROOT / "docs/reference/benchmarks.md"


def main() -> int:
    """Measure, write the page, and give 1 if a target was missed."""
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    with tempfile.TemporaryDirectory(prefix="bench.") as folder:
        scratch = Path(folder)
        # PostgreSQL must not run as root: under it, another user has to get through.
        scratch.chmod(0o755)
        project = scratch / "project"
        say("generation ...")
        generated = generation.measure(scratch, project)
        say("climb ...")
        generated += climbing.measure(scratch)
        say("gates ...")
        checked = gates.measure(scratch)
        say("start of the command line ...")
        start = cli_start.measure(scratch)
        say("load ...")
        loaded = load.missing() or load.measure(project, scratch)
        say("levels ...")
        beside = [] if load.missing() else levels.measure(scratch)
        text = report.text(generated, checked, start, loaded, beside, project)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, "utf-8")
    say(f"written: {page}\n\n{text}")
    return int("MISSED" in text)


def say(line: str) -> None:
    """Tell how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
