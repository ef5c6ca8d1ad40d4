"""The issuer of `make dev` and of the tests: a pair of keys, and tokens that are signed with it.

Its keys are made once, in .dev/identity, and are good for nothing but what runs on this machine.
"""

import argparse
import json
import re
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from chassis.identity.service_tokens import ServiceTokens
from tools.common import ToolError, UsageError, say, write_atomically
from tools.dev.system import SYSTEM, Service, base_environment, read_system

FOLDER = Path(".dev/identity")
ALGORITHM = "ES256"
LIFE_S = 12 * 3600
"""A day of work; the tokens of a real issuer live for minutes."""
TOKEN = "TEST_TOKEN"  # noqa: S105  # the name of a variable
"""The token that tests send to a system elsewhere, which has another issuer."""
_PRIVATE = 0o600
_ROLE = re.compile(r"[\w-]+")


def headers(service: Service, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Give what a client sends that may do everything; data services are for services only."""
    if service.upgrade:
        token = ServiceTokens(environment["SERVICE_KEY"], 0).made_by("tools")
    else:
        token = environment.get(TOKEN) or token_of(root, "tools", ["admin"], environment)
    return {"Authorization": f"Bearer {token}"}


def token_of(root: Path, subject: str, roles: Sequence[str], environment: Mapping[str, str]) -> str:
    """Make a token of a user, as the issuer of a real system would."""
    now = int(time.time())
    claims = {
        "iss": environment["OIDC_ISSUER"],
        "aud": environment.get("OIDC_AUDIENCE", "api"),
        "sub": subject,
        "roles": list(roles),
        "iat": now,
        "exp": now + LIFE_S,
        "jti": uuid4().hex,
    }
    key, key_id = _key(root / FOLDER)
    return jwt.encode(claims, key, ALGORITHM, headers={"typ": "at+jwt", "kid": key_id})


def _key(folder: Path) -> tuple[str, str]:
    """Give the private key, and the id of the pair; make both where there are none."""
    private, public = folder / "key.pem", folder / "keys.json"
    if not (private.exists() and public.exists()):
        pair = ec.generate_private_key(ec.SECP256R1())
        text = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        shown = ECAlgorithm.to_jwk(pair.public_key(), as_dict=True)
        entry = {**shown, "kid": _thumbprint(shown), "alg": ALGORITHM, "use": "sig"}
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(private, text, _PRIVATE)
        write_atomically(public, json.dumps({"keys": [entry]}) + "\n")
    key_id = json.loads(public.read_text(encoding="utf-8"))["keys"][0]["kid"]
    return private.read_text(encoding="utf-8"), str(key_id)


def _thumbprint(key: Mapping[str, object]) -> str:
    """Name a key by what it is (RFC 7638)."""
    members = {name: key[name] for name in ("crv", "kty", "x", "y")}
    digest = sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def main() -> int:
    """Print a token for what `make dev` runs."""
    parser = argparse.ArgumentParser(prog="python -m tools.dev.identity", description=main.__doc__)
    parser.add_argument("--user", default="developer", help="whose token it is")
    parser.add_argument("--roles", default="admin", help="its roles, with commas")
    given = parser.parse_args()
    try:
        root = Path.cwd()
        system = read_system(root / SYSTEM)
        environment = base_environment(root, system.env_files, system.stand_ins)
        say(token_of(root, given.user, _roles(given.roles), environment), sys.stdout)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _roles(text: str) -> list[str]:
    roles = [role.strip() for role in text.split(",")]
    if not all(map(_ROLE.fullmatch, roles)):
        raise UsageError(f"roles must be names with commas, such as reader,editor, got: {text}")
    return roles


if __name__ == "__main__":
    sys.exit(main())
