"""The two questions that Vault is asked: for a token, and for a secret."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

_MOST_BYTES = 1024 * 1024


class VaultAway(Exception):  # noqa: N818  # it may come back
    """Vault does not answer, or is sealed: it may do so later."""


class VaultRefusal(Exception):  # noqa: N818  # it says so each time
    """Vault does not give the secret; the text says why, and never what it holds."""


class _NoRedirects(HTTPRedirectHandler):
    """A token is for the address that was given, and no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Vault:
    """A Vault, or an OpenBao, at an address."""

    address: str
    namespace: str = ""
    timeout: float = 5

    def log_in(self, role_id: str, secret_id: str) -> str:
        """Give the token of an AppRole."""
        body = {"role_id": role_id, "secret_id": secret_id}
        answer = self._asked("auth/approle/login", {}, body)
        return str(_at(answer, "auth", "client_token"))

    def read(self, mount: str, path: str, token: str) -> Mapping[str, Any]:
        """Give the values of a secret, of its newest version."""
        place = f"{quote(mount.strip('/'))}/data/{quote(path.strip('/'))}"
        found = _at(self._asked(place, {"X-Vault-Token": token}), "data", "data")
        if not isinstance(found, Mapping):
            raise VaultRefusal(f"{mount}/{path} was deleted")
        return found

    def _asked(
        self, place: str, headers: Mapping[str, str], body: Mapping[str, str] | None = None
    ) -> Any:
        named = {"X-Vault-Namespace": self.namespace} if self.namespace else {}
        request = Request(  # noqa: S310  # settings take http and https only
            f"{self.address}/v1/{place}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Vault-Request": "true", **named, **headers},
        )
        try:
            with build_opener(_NoRedirects).open(request, timeout=self.timeout) as answer:
                return json.loads(answer.read(_MOST_BYTES))
        except HTTPError as error:
            with error:
                raise _refusal(error, place) from None
        except (OSError, HTTPException) as error:  # URLError is an OSError
            raise VaultAway(str(getattr(error, "reason", error))) from None
        except ValueError:
            raise VaultRefusal(f"{place} is answered with something else than JSON") from None


def _refusal(error: HTTPError, place: str) -> VaultAway | VaultRefusal:
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return VaultAway(f"it answers {error.code}")
    if error.code == HTTPStatus.NOT_FOUND:
        return VaultRefusal(f"there is nothing at {place}")
    return VaultRefusal(f"{place} is answered {error.code}: {HTTPStatus(error.code).phrase}")


def _at(answer: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(answer, Mapping) or name not in answer:
            raise VaultRefusal("its answer has not the form of Vault's")
        answer = answer[name]
    return answer
