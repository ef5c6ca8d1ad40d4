"""What the installed package says of itself.

Its metadata take long to import, so they are read when they are asked for.
"""


def repository_url() -> str:
    """The canonical address of the template, from the package's metadata."""
    from importlib.metadata import metadata  # noqa: PLC0415

    urls = metadata("ferrata").get_all("Project-URL") or []
    addresses = dict(str(entry).split(", ", 1) for entry in urls)
    return addresses["Repository"]


def version() -> str:
    """The version of this ferrata."""
    from importlib import metadata  # noqa: PLC0415

    return metadata.version("ferrata")
