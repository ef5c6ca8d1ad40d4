"""Spans arrive where Jaeger takes them, and every part that it names is there."""

import tomllib
from typing import Any
from urllib.parse import urlsplit

import yaml
from tools.production.rolling import OBSERVES

from tests.configuration.conftest import ROOT

PARTS = ("receivers", "processors", "exporters")


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return content


def test_every_part_that_is_named_is_there() -> None:
    jaeger = read("deploy/jaeger/jaeger.yml")
    service, stores = jaeger["service"], jaeger["extensions"]["jaeger_storage"]["backends"]

    assert set(service["extensions"]) == jaeger["extensions"].keys()
    for pipeline in service["pipelines"].values():
        for kind in PARTS:
            assert set(pipeline[kind]) == jaeger[kind].keys()
    assert jaeger["extensions"]["jaeger_query"]["storage"]["traces"] in stores
    assert jaeger["exporters"]["jaeger_storage_exporter"]["trace_storage"] in stores


def test_every_service_sends_its_spans_there() -> None:
    services = read("deploy/production/tracing.yml")["services"]
    taken = read("deploy/jaeger/jaeger.yml")["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    system = tomllib.loads((ROOT / "tools/services.toml").read_text(encoding="utf-8"))
    names = [*system["services"], *system.get("processes", {})]
    wanted = {name.replace("_", "-") for name in names}

    assert services.keys() - {"jaeger"} == wanted
    for name in wanted:
        to = urlsplit(services[name]["environment"]["TRACES_URL"])
        assert (to.hostname, f"0.0.0.0:{to.port}") == ("jaeger", taken)


def test_what_is_kept_has_a_place_that_can_be_written_to() -> None:
    """The image's user owns nothing: it has /tmp, and what a volume there got from the image."""
    badger = read("deploy/jaeger/jaeger.yml")["extensions"]["jaeger_storage"]["backends"]["kept"]
    production = read("deploy/production/tracing.yml")
    jaeger = production["services"]["jaeger"]
    kept = {volume.split(":")[1] for volume in jaeger["volumes"] if volume[0] not in "./"}

    assert kept == {"/tmp"}  # noqa: S108  # in the container
    assert "/tmp" not in jaeger.get("tmpfs", [])  # noqa: S108  # it would be in the volume's place
    assert "user" not in jaeger
    for folder in badger["badger"]["directories"].values():
        assert folder.startswith("/tmp/")  # noqa: S108


def test_no_release_waits_for_it() -> None:
    assert OBSERVES in read("deploy/production/tracing.yml")["services"]["jaeger"]["labels"]


def test_it_is_asked_whether_it_is_well() -> None:
    said = read("deploy/jaeger/jaeger.yml")["extensions"]["healthcheckv2"]["http"]["endpoint"]
    asked = read("deploy/production/tracing.yml")["services"]["jaeger"]["healthcheck"]["test"]

    assert urlsplit(asked[-1]).port == urlsplit(f"//{said}").port
