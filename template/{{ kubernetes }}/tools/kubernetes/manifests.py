"""The manifests: a Deployment for each service with what belongs to it, a Job for what runs once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.kubernetes.system import Once, Service

Manifest = dict[str, Any]
Paths = Mapping[str, Iterable[Mapping[str, str]]]

SECRET = "system"  # noqa: S105  # the name of it, no secret
_NAME = "app.kubernetes.io/name"
# After a pod is told to stop, requests still come for a moment: it goes on answering so long.
_GONE_S = 5
# How many times the pods of quiet hours there may be, and how busy they are before there are more.
_MORE, _BUSY_PERCENT = 5, 70


def workloads(services: Iterable[Service]) -> Iterator[Manifest]:
    """Give everything that runs, and by which name it is called."""
    for service in services:
        yield from (_job(service, once) for once in service.once)
        yield _deployment(service)
        if service.answers:
            yield _named(service)
        if service.replicas > 1:
            yield _scaled(service)
            yield _budget(service)


def route(services: Iterable[Service], paths: Paths) -> Iterator[Manifest]:
    """Give the way of requests from a gateway of the cluster to the public services."""
    for service in services:
        if service.public and service.answers:
            backend = {"name": service.name, "port": service.port}
            matches = [{"path": path} for path in paths.get(service.name, ())]
            spec = {
                "parentRefs": [{"name": "gateway"}],
                "rules": [{"matches": matches, "backendRefs": [backend]}],
            }
            yield _manifest("gateway.networking.k8s.io/v1", "HTTPRoute", service.name, spec)


def monitor(services: Iterable[Service], alerts: Iterable[Manifest]) -> Iterator[Manifest]:
    """Tell Prometheus' operator whom to ask for metrics, and when to tell somebody.

    The alerts know a service by its name: what it was asked as is the `job` of its metrics.
    """
    names = [service.name for service in services]
    chosen = {"matchExpressions": [{"key": _NAME, "operator": "In", "values": names}]}
    spec = {
        "jobLabel": _NAME,
        "selector": chosen,
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics"}],
    }
    yield _manifest("monitoring.coreos.com/v1", "PodMonitor", "services", spec)
    rules = {"groups": list(alerts)}
    yield _manifest("monitoring.coreos.com/v1", "PrometheusRule", "alerts", rules)


def labels(name: str) -> dict[str, str]:
    """By what the pods of a service are chosen."""
    return {_NAME: name}


def _manifest(version: str, kind: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "labels": labels(name)},
        "spec": dict(spec),
    }


def _deployment(service: Service) -> Manifest:
    container = _container(service, "service") | {
        "ports": [{"name": "http", "containerPort": service.port}],
        # It has two minutes to start; then it is started again when it hangs, and called while it
        # can answer.
        "startupProbe": _probe("/health", period=2, failures=60),
        "livenessProbe": _probe("/health", period=10, failures=6),
        "readinessProbe": _probe("/ready", period=3, failures=3),
        "lifecycle": {"preStop": {"sleep": {"seconds": _GONE_S}}},
    }
    pod = _pod(container, service.secrets) | {
        "terminationGracePeriodSeconds": service.stop_s + _GONE_S,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels(service.name)},
            }
        ],
    }
    # One that must be alone is stopped before the next starts; of others none goes before one came.
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec: Manifest = {
        "strategy": rolling if service.replicas > 1 else {"type": "Recreate"},
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": labels(service.name)},
        "template": {"metadata": {"labels": labels(service.name)}, "spec": pod},
    }
    if service.replicas == 1:  # how many there are of others, the autoscaler says
        spec["replicas"] = 1
    return _manifest("apps/v1", "Deployment", service.name, spec)


def _job(service: Service, once: Once) -> Manifest:
    pod = _pod(_container(once, "once", image=service.image), once.secrets)
    template = {
        "metadata": {"labels": labels(once.name)},
        "spec": pod | {"restartPolicy": "Never"},
    }
    spec = {"backoffLimit": 2, "activeDeadlineSeconds": 1800, "template": template}
    return _manifest("batch/v1", "Job", once.name, spec)


def _pod(container: Manifest, secrets: Mapping[str, str]) -> Manifest:
    volumes: list[Manifest] = [{"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}]
    if secrets:
        items = [{"key": key, "path": file} for file, key in sorted(secrets.items())]
        source = {"secretName": SECRET, "items": items, "defaultMode": 0o440}
        volumes.append({"name": "secrets", "secret": source})
        mount = {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True}
        container["volumeMounts"].append(mount)
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # variables such as API_PORT would be taken for settings
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }


def _container(of: Service | Once, name: str, *, image: str = "") -> Manifest:
    memory = f"{of.memory_mib}Mi"
    return {
        "name": name,
        "image": image or getattr(of, "image", ""),
        "command": list(of.command),
        "env": [{"name": key, "value": value} for key, value in sorted(of.environment.items())],
        # Memory that is not there cannot be promised; a processor that is busy only makes slower.
        "resources": {"requests": {"cpu": "100m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108  # in the container
    }


def _probe(path: str, *, period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _named(service: Service) -> Manifest:
    port = {"name": "http", "port": service.port, "targetPort": "http"}
    spec = {"selector": labels(service.name), "ports": [port]}
    return _manifest("v1", "Service", service.name, spec)


def _scaled(service: Service) -> Manifest:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name}
    busy = {"type": "Utilization", "averageUtilization": _BUSY_PERCENT}
    spec = {
        "scaleTargetRef": target,
        "minReplicas": service.replicas,
        "maxReplicas": service.replicas * _MORE,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": busy}}],
    }
    return _manifest("autoscaling/v2", "HorizontalPodAutoscaler", service.name, spec)


def _budget(service: Service) -> Manifest:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels(service.name)}}
    return _manifest("policy/v1", "PodDisruptionBudget", service.name, spec)
