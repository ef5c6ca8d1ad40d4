"""Settings of the worker, read from the environment."""

from chassis_workers.features import WorkerSettings


class Settings(WorkerSettings):
    """Where the data service answers, besides what every worker needs."""

    data_api_url: str = "http://127.0.0.1:8001"
