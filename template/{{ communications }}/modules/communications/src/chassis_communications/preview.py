"""Every template of the project as its recipient sees it: `make preview-messages` writes pages.

`python -m chassis_communications.preview FOLDER`: each is filled in with its `sample`.
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from chassis.problems import Invalid
from chassis_communications.addresses import Channel
from chassis_communications.declared import DeclaredError, declared
from chassis_communications.templates import NO_TEXT, Rendered, Templates, project_templates

CHANNELS: tuple[Channel, ...] = ("email", "sms")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; max-width: 60rem; margin: 2rem auto">
<h1>{title}</h1>
{content}</body></html>
"""


def main(folder: Path) -> int:
    """Write the pages, and say where; 1 and a line if a template cannot be filled in."""
    try:
        what, templates = declared(), project_templates()
        rendered = {
            (name, channel): content
            for name in what.templates
            for channel, content in _filled(templates, name)
        }
    except DeclaredError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for (name, channel), content in rendered.items():
        page = folder / f"{name}.{channel}.html"
        page.write_text(PAGE.format(title=f"{name}: {channel}", content=_shown(content)), "utf-8")
        links.append(f'<p><a href="{page.name}">{name}: {channel}</a></p>\n')
    index = folder / "index.html"
    index.write_text(PAGE.format(title="Messages", content="".join(links)), "utf-8")
    sys.stdout.write(f"{len(rendered)} messages: {index.resolve().as_uri()}\n")
    return 0


def _filled(templates: Templates, name: str) -> Iterator[tuple[Channel, Rendered]]:
    sample = templates.of(name).sample
    for channel in CHANNELS:
        try:
            yield channel, templates.render(name, channel, sample)
        except Invalid as error:
            if error.detail != NO_TEXT:
                raise DeclaredError(f"{name}, {channel}: {error.detail} (its sample)") from error


def _shown(content: Rendered) -> str:
    parts = [f"<h2>{escape(content.subject)}</h2>\n" if content.subject else ""]
    if content.html:
        frame = f'srcdoc="{escape(content.html)}" sandbox style="width: 100%; height: 24rem"'
        parts.append(f"<iframe {frame}></iframe>\n")
    parts.append(f"<pre>{escape(content.text)}</pre>\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
