"""What is said of a run, and whether it is good enough."""

from collections.abc import Iterator, Mapping

from tests.load.baseline import FILE, Baseline
from tests.load.figures import Seen

_SHOWN = 200


def problems_of(
    seen: Seen, changes: Mapping[str, float], share: float, target_ms: float | None
) -> Iterator[str]:
    """Tell what is not good enough."""
    for route, texts in seen.failures.items():
        yield f"{route} failed {len(texts)} times: {texts[0][:_SHOWN]}"
    for route, percent in changes.items():
        if percent > share:
            yield (
                f"{route} is {percent:.0f} % slower than the baseline, more than {share:g} %: make"
                f" it faster, or remove {FILE} to record what it is now"
            )
    if target_ms is not None and seen.p95_ms > target_ms:
        yield (
            f"the 95th percentile of all answers is {seen.p95_ms:.0f} ms; the target is at most"
            f" {target_ms:g} ms"
        )


def table(seen: Seen, changes: Mapping[str, float]) -> Iterator[str]:
    """Tell of each route what was seen."""
    yield f"{'answers':>8} {'median':>10} {'95 %':>10} {'x bare':>7} {'baseline':>9}  route"
    for name, route in seen.routes.items():
        ratio = "" if route.ratio is None else f"{route.ratio:.2f}"
        change = f"{changes[name]:+.0f} %" if name in changes else ""
        times = f"{route.median_ms:>7.1f} ms {route.p95_ms:>7.1f} ms"
        yield f"{route.answers:>8} {times} {ratio:>7} {change:>9}  {name}"


def summary(seen: Seen, before: Baseline, changes: Mapping[str, float], *, recorded: bool) -> str:
    """Tell in one line what was seen, and what it is beside the baseline."""
    failed = sum(map(len, seen.failures.values()))
    said = f"{len(seen.routes)} routes, {seen.answers} answers, {failed} failed"
    if not before.levels:
        what = "baseline recorded" if recorded else "no baseline recorded"
        return f"{said}; {what}: {before.why}"
    worst = max(changes.values(), default=0)
    how = f"at most {worst:.0f} % slower than" if worst >= 1 else "no slower than"
    compared = (
        f"{len(changes)} of them are compared, and " if changes.keys() != seen.routes.keys() else ""
    )
    return f"{said}; {compared}{how} the baseline of {before.recorded}"
