"""Pages that links in messages show: a sentence, and a button that acts."""

from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex"><title>{title}</title></head>
<body style="font-family: sans-serif; max-width: 32rem; margin: 4rem auto"><h1>{title}</h1>{content}</body></html>
"""
BUTTON = '<form method="post"><button type="submit">{title}</button></form>'
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def asking(title: str) -> HTMLResponse:
    """Ask; to follow the link does nothing."""
    content = BUTTON.format(title=title)
    return HTMLResponse(PAGE.format(title=title, content=content), headers=HEADERS)


def done(title: str) -> HTMLResponse:
    """Say that it is done."""
    return HTMLResponse(PAGE.format(title=title, content=""), headers=HEADERS)
