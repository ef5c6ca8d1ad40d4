"""Where thumbnails are: the worker writes them, and the API reads them."""


def thumbnail_key(key: str) -> str:
    """Say where the thumbnail of a file is."""
    return f"thumbnails/{key}"
