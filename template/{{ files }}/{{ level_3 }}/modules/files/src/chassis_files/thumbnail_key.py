"""Where thumbnails are: the worker writes them, and the API reads them."""


def thumbnail_key(folder: str) -> str:
    """Say where the thumbnail is of the picture that a worker has made in a folder."""
    return f"{folder}/thumbnail"
