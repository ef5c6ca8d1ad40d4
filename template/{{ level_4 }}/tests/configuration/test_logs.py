"""Logs are kept under the names by which people search for them, and nobody gets them unasked."""

import json
import re
from typing import Any

import yaml
from tools.production.rolling import OBSERVES

from tests.configuration.conftest import ROOT

LOGS = ROOT / "deploy/logs"
PIPELINE = (LOGS / "logstash.conf").read_text(encoding="utf-8")
OBJECTS = [json.loads(line) for line in (LOGS / "kibana.ndjson").read_text("utf-8").splitlines()]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "deploy/production/logs.yml").read_text("utf-8"))
# What Filebeat and the schema bring by themselves.
BROUGHT = {"message", "log.file.path", "@timestamp"}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((LOGS / name).read_text(encoding="utf-8"))
    return content


def renamed() -> dict[str, str]:
    """The parts of a line, and the fields that they become."""
    pairs = re.findall(r'"\[line\]\[(\w+)\]" => "([^"]+)"', PIPELINE)
    return {part: ".".join(re.findall(r"\w+", field)) for part, field in pairs}


def test_what_services_write_has_a_field() -> None:
    gateway = (ROOT / "deploy/nginx/http.conf").read_text(encoding="utf-8")
    written = set(re.findall(r'"(\w+)":', gateway.partition("log_format json")[2]))
    common = {"level", "service", "message", "request_id", "method", "route", "status"}

    assert common <= written
    assert common <= renamed().keys()


def test_searches_ask_for_fields_that_there_are() -> None:
    fields = BROUGHT | set(renamed().values())
    for found in OBJECTS:
        attributes = found["attributes"]
        asked = set(attributes.get("columns", []))
        meta = attributes.get("kibanaSavedObjectMeta", {"searchSourceJSON": "{}"})
        query = json.loads(meta["searchSourceJSON"]).get("query", {}).get("query", "")
        asked |= set(re.findall(r"([\w.]+) (?:[:<>]|>=|<=)", query))
        asked |= drawn(json.loads(attributes.get("visState", "{}")))
        assert asked <= fields, found["id"]


def drawn(visualization: dict[str, Any]) -> set[str]:
    """The fields that a picture asks Elasticsearch for."""
    if not visualization:
        return set()
    url = json.loads(visualization["params"]["spec"])["data"]["url"]
    body = json.dumps(url["body"])
    return {
        url["%timefield%"],
        *re.findall(r'"field": "([^"]+)"', body),
        *re.findall(r'"(\w+\.[\w.]+)": ', body),
    }


def test_every_object_that_another_one_names_is_there() -> None:
    known = {(found["type"], found["id"]) for found in OBJECTS}
    for found in OBJECTS:
        named = {reference["name"] for reference in found["references"]}
        assert {(one["type"], one["id"]) for one in found["references"]} <= known, found["id"]
        for panel in json.loads(found["attributes"].get("panelsJSON", "[]")):
            assert f"{panel['panelIndex']}:{panel['panelRefName']}" in named


def test_what_is_written_is_what_is_searched_and_deleted_in_time() -> None:
    parts = dict(re.findall(r'data_stream_(\w+) => "([^"]+)"', PIPELINE))
    stream = f"{parts['type']}-{parts['dataset']}-*"
    (policy,) = re.findall(r"_ilm/policy/(\S+)", (LOGS / "prepare.sh").read_text("utf-8"))

    assert read("template.json")["index_patterns"] == [stream]
    assert read("template.json")["template"]["settings"]["index.lifecycle.name"] == policy
    assert read("role.json")["indices"][0]["names"] == [stream]
    assert [one["attributes"]["title"] for one in OBJECTS if one["type"] == "index-pattern"] == [
        stream
    ]
    assert "delete" in read("lifecycle.json")["policy"]["phases"]


def test_every_secret_that_is_read_is_given() -> None:
    script = (LOGS / "prepare.sh").read_text(encoding="utf-8")
    prepared = set(re.findall(r"secret (\w+)\)|^user \S+ (\w+)", script, re.MULTILINE))
    for name, service in STACK["services"].items():
        words = " ".join([*service.get("entrypoint", []), *service.get("command", [])])
        asked = set(re.findall(r" ([a-z_]+) [A-Z_]+\b", words))
        if "prepare.sh" in words:
            asked = {secret for either in prepared for secret in either if secret}
        assert asked == set(service.get("secrets", [])), name
    assert STACK["secrets"].keys() == {
        secret for service in STACK["services"].values() for secret in service.get("secrets", [])
    }


def test_it_runs_only_where_it_is_asked_for_and_asks_who_comes() -> None:
    for name, service in STACK["services"].items():
        assert service["profiles"] == ["logs"], name
        assert OBSERVES in service["labels"], f"{name}: a release would wait for it"
        assert service["networks"] == ["internal"], name
        # Its own lines are no files that Filebeat reads: one error would become another for ever.
        assert service["logging"]["driver"] == "local", name
    assert STACK["services"]["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"
