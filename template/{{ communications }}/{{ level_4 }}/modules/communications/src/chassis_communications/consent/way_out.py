from collections.abc import Mapping
from dataclasses import dataclass, replace

from chassis_communications.declared import Template
from chassis_communications.links import UNSUBSCRIBES, link
from chassis_communications.messages import StoredMessageRead
from chassis_communications.templates import Rendered, Templates

FOOTER = "marketing_footer"
"""The folder of its texts, whose variable is `unsubscribe_url`."""
END = "</body>"


@dataclass(frozen=True, slots=True)
class WayOut:
    """The way out of marketing: one click in the mail program, and a link that is seen."""

    base: str
    """Where recipients reach the API."""
    key: str
    templates: Templates

    def headers(self, message: StoredMessageRead, template: Template) -> Mapping[str, str]:
        """Give the headers of RFC 8058."""
        if template.category != "marketing":
            return {}
        return {
            "List-Unsubscribe": f"<{self._url(message)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def shown(self, message: StoredMessageRead, template: Template, content: Rendered) -> Rendered:
        """End a message with the link; raises Invalid where its texts are missing."""
        if template.category != "marketing":
            return content
        data = {"unsubscribe_url": self._url(message)}
        if message.channel == "sms":
            text = self.templates.part(FOOTER, "sms.txt", data)
            return replace(content, text=content.text + text)
        text, footer = (
            self.templates.part(FOOTER, part, data) for part in ("email.txt", "email.html")
        )
        before, end, after = content.html.rpartition(END)
        html = f"{before}{footer}{end}{after}" if end else f"{content.html}{footer}"
        return replace(content, text=f"{content.text}\n{text}", html=html)

    def _url(self, message: StoredMessageRead) -> str:
        return link(self.base, self.key, UNSUBSCRIBES, message.id)
