"""Who may talk to whom, as far as addresses that services are given tell it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tools.kubernetes.manifests import Manifest, labels
from tools.kubernetes.system import Once, Service, called

# Whoever may come in from other namespaces says so by these labels.
_GATEWAY = {"matchLabels": {"system/gateway": "true"}}
_MONITORING = {"matchLabels": {"system/monitoring": "true"}}
_DNS = {"ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}


def policies(services: Sequence[Service]) -> Iterator[Manifest]:
    """Give a policy for each service and each job, and one that refuses all the rest.

    A service that has a way out in the Compose files may call anybody by HTTPS.
    """
    yield _policy("nobody", {}, [], [])
    ports = {service.name: service.port for service in services}
    callers = {name: list(_callers(name, services)) for name in ports}
    for service in services:
        ingress = [_from({"namespaceSelector": _MONITORING}, service.port)]
        if service.public:
            ingress.append(_from({"namespaceSelector": _GATEWAY}, service.port))
        ingress += [
            _from({"podSelector": _chosen(one)}, service.port) for one in callers[service.name]
        ]
        egress = list(_egress(service.calls(), ports))
        if service.outside:
            egress.append({"ports": [{"protocol": "TCP", "port": 443}]})
        yield _policy(service.name, _chosen(service.name), ingress, egress)
        yield from (_of_once(once, ports) for once in service.once)


def _of_once(once: Once, ports: dict[str, int]) -> Manifest:
    calls = [call for value in once.environment.values() for call in called(value)]
    return _policy(once.name, _chosen(once.name), [], list(_egress(calls, ports)))


def _callers(name: str, services: Iterable[Service]) -> Iterator[str]:
    for service in services:
        if name in {host for host, _ in service.calls()}:
            yield service.name


def _egress(calls: Iterable[tuple[str, int]], ports: dict[str, int]) -> Iterator[Manifest]:
    """Names are looked up; a service of this project is a pod.

    Anybody else, a database above all, may be anywhere: a policy knows no names, so its port is
    open to every host. Owners who know the network narrow it (docs/kubernetes.md).
    """
    yield _DNS
    for host, port in sorted(set(calls)):
        there: Manifest = {"ports": [{"protocol": "TCP", "port": port}]}
        if host in ports:
            there["to"] = [{"podSelector": _chosen(host)}]
        yield there


def _chosen(name: str) -> Manifest:
    return {"matchLabels": labels(name)}


def _from(whom: Manifest, port: int) -> Manifest:
    return {"from": [whom], "ports": [{"protocol": "TCP", "port": port}]}


def _policy(
    name: str, chosen: Manifest, ingress: list[Manifest], egress: list[Manifest]
) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "podSelector": chosen,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
