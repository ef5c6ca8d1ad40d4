"""How long the gates of a larger project take, by the clock and on the processors."""

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from figures import Figure, at_most, plain
from generation import BIN, tools
from timing import call, exit_code, seconds
from working_tree import ROOT, committed

ANSWERS = ROOT / "examples/p2p_lending/answers.yml"
MODULES = ("redis", "workers")
LONGEST_RUN_S, LONGEST_TEST_S = 60, 5


def measure(scratch: Path) -> list[Figure]:
    """Run the gates of a level-2 project with modules: once to fill the caches, then for the figures."""
    folder = scratch / "gates"
    (folder / "template").mkdir(parents=True)
    template, project = committed(folder / "template"), folder / "project"
    new: list[str | Path] = [BIN / "ferrata", "new", project, "--answers", ANSWERS]
    new += ["--set", "level=2", "--set", f"modules=[{','.join(MODULES)}]"]
    call([*new, "--template", template, "--no-gates"], folder, tools())
    exit_code(["make", "check-fresh"], project, tools())
    codes: list[int] = []
    before = _processor_s()
    clock_s = seconds(lambda: codes.append(exit_code(["make", "check-fresh"], project, tools())))
    used_s = _processor_s() - before
    parts = _parts(project / "artifacts/reports")
    again_s = seconds(lambda: codes.append(exit_code(["make", "check"], project, tools())))
    again = plain(
        "`make check` after that: nothing that `chassis` reads has changed", f"{again_s:.0f} s"
    )
    return [*_run(clock_s, used_s, green=codes == [0, 0]), again, *parts]


def _run(clock_s: float, used_s: float, *, green: bool) -> Iterator[Figure]:
    yield Figure(
        f"`make check-fresh`, level 2 with {' and '.join(MODULES)}, four entities, warm caches",
        f"<= {LONGEST_RUN_S} s",
        f"{clock_s:.0f} s" + ("" if green else ", gates red"),
        f"{used_s:.0f} s of the processors",
        holds=green and clock_s <= LONGEST_RUN_S,
    )
    yield plain("load of the machine meanwhile (five minutes)", f"{os.getloadavg()[1]:.1f}")


def _parts(reports: Path) -> list[Figure]:
    content = json.loads((reports / "gates.json").read_text("utf-8"))
    gates = [
        plain(f"the gate {gate['name']}", f"{gate['duration_s']:.1f} s", gate["figure"])
        for gate in content["gates"]
        if gate["started"]
    ]
    longest, name = max(_tests(reports))
    return [*gates, at_most(f"the longest test, {name}", longest, LONGEST_TEST_S, "s")]


def _tests(reports: Path) -> Iterator[tuple[float, str]]:
    for report in reports.glob("junit-*.xml"):
        for case in ET.parse(report).iter("testcase"):  # noqa: S314  # of our own tests
            yield float(case.get("time", 0)), f"`{case.get('name')}`"


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
