"""The module communications: what its adapters send is what providers describe."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support import run

# Descriptions are data of others, and no part of this repository.
VARIABLE = "FERRATA_API_DESCRIPTIONS"
FOLDER = os.environ.get(VARIABLE, "")
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
FORM = "application/x-www-form-urlencoded"
TYPES: dict[str, Callable[[str], Any]] = {"integer": int, "number": float}
SEND = """
import asyncio, json, uuid
from urllib.parse import parse_qsl
import httpx2
from chassis_communications.providers import Outgoing, SmsSettings
from chassis_communications.providers.twilio import TwilioSms
from chassis_communications.templates import Rendered

def answer(request):
    print(json.dumps([request.url.path, dict(parse_qsl(request.content.decode()))]))
    return httpx2.Response(201, json={"sid": "SM1"})

async def send():
    settings = SmsSettings(
        sms_url="https://api.twilio.com", sms_from="+15005550006", twilio_account="AC1", twilio_token="x",
        public_url="https://api.example.com", sms_max_price=1, sms_price=0.01,
    )
    message = Outgoing(uuid.uuid4(), "+447700900123", Rendered(text="Hello"))
    await TwilioSms(settings, httpx2.MockTransport(answer)).send(message)

asyncio.run(send())
"""

pytestmark = [pytest.mark.long, pytest.mark.about("communications")]


@pytest.mark.skipif(not FOLDER, reason=f"{VARIABLE} names no folder with descriptions of providers")
def test_twilio_is_sent_what_it_describes(installed: Callable[[str], Path]) -> None:
    described = json.loads((Path(FOLDER) / "twilio_messages.json").read_text("utf-8"))
    body = described["paths"][MESSAGES]["post"]["requestBody"]["content"][FORM]["schema"]
    project = installed("task_manager@1+communications")

    sent = run(project, ".venv/bin/python", "-c", SEND)

    assert sent.returncode == 0, sent.stderr
    path, form = json.loads(sent.stdout)
    assert path == MESSAGES.format(AccountSid="AC1")
    fields = {name: body["properties"][name] for name in form}
    obsolete = [
        name for name, field in fields.items() if "OBSOLETE" in field.get("description", "")
    ]
    assert obsolete == []
    values = {
        name: TYPES.get(field.get("type", ""), str)(form[name]) for name, field in fields.items()
    }
    schema = {**body, "additionalProperties": False, "components": described["components"]}
    Draft202012Validator(schema).validate(values)
