"""The rules of examples/p2p_lending: the overlay that brings them, and their use over HTTP."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from tests.project.scenario import is_problem, names_field
from tests.support import ROOT

OVERLAY = ROOT / "examples/p2p_lending/overlay"
LIMIT = 3
AT_ONCE = 8
DEPOSITS = 30


def overlaid() -> list[str]:
    """Every file of the overlay, by its path in a project."""
    return sorted(path.relative_to(OVERLAY).as_posix() for path in _files())


def _files() -> Iterator[Path]:
    return (p for p in OVERLAY.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def overlay(project: Path) -> Path:
    """Do to a project what its owners did."""
    for path in overlaid():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(OVERLAY / path, project / path)
    return project


@dataclass
class Lending:
    """Uses one running system through its business API; raises AssertionError."""

    http: httpx2.Client

    def keeps_its_rules(self) -> None:
        """Try all that is allowed and all that is not."""
        borrower = self.identifies()
        self.limits(borrower)
        loans = self.allows_three(borrower)
        self.shows_the_marketplace(borrower)
        self.holds_money(loans[0])
        self.makes_room(borrower, loans)

    def identifies(self) -> str:
        """A user starts as pending, cannot borrow, and can once the KYC is approved."""
        ada = {"email": "ada@example.com", "full_name": "Ada"}
        names_field(self.http.post("/users", json=ada | {"kyc_status": "approved"}), "kyc_status")
        user = self.http.post("/users", json=ada).json()
        assert user["kyc_status"] == "pending"
        refuses(self.asks(user["id"]), "KYC must be approved first")
        approved = self.http.patch(f"/users/{user['id']}", json={"kyc_status": "approved"})
        assert approved.status_code == 200, approved.text
        return str(user["id"])

    def limits(self, borrower: str) -> None:
        """Nothing beyond the limits of a loan."""
        for field, value in (("amount", 99.99), ("amount", 50000.01)):
            names_field(self.asks(borrower, **{field: value}), field)
        for months in (0, 61):
            names_field(self.asks(borrower, duration_months=months), "duration_months")

    def allows_three(self, borrower: str) -> list[str]:
        """Of many loans that are paid out at once three become active; gives all, these first."""
        loans = [self.asks(borrower, amount=100 * n).json()["id"] for n in range(1, AT_ONCE + 1)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = dict(zip(loans, pool.map(self.pays_out, loans), strict=True))
        active = [loan for loan, answer in answers.items() if answer.status_code == 200]
        others = [loan for loan in loans if loan not in active]
        assert len(active) == LIMIT
        for loan in others:
            refuses(answers[loan], "at most 3 active loans")
            refuses(self.pays_out(loan), "at most 3 active loans")
        refuses(self.asks(borrower), "at most 3 active loans")
        return [*active, *others]

    def shows_the_marketplace(self, borrower: str) -> None:
        """Loans are found by amount, term and rate."""
        query = {"amount_min": 200, "amount_max": 400, "duration_months": 12}
        query |= {"interest_rate_max": 0.05}
        found = self.http.get("/loans", params=query | {"borrower_id": borrower}).json()["items"]
        assert sorted(loan["amount"] for loan in found) == ["200.00", "300.00", "400.00"]

    def holds_money(self, loan: str) -> None:
        """A loan has a schedule, and one escrow account that is never overdrawn."""
        payment = {"loan_id": loan, "amount": 10, "due_date": "2027-01-31"}
        assert self.http.post("/payments", json=payment).json()["status"] == "scheduled"
        account = {"loan_id": loan, "balance": 10}
        escrow = self.http.post("/escrow-accounts", json=account).json()["id"]
        self.adds_up(f"/escrow-accounts/{escrow}")
        is_problem(self.http.post("/escrow-accounts", json=account), 409)
        below = self.http.patch(f"/escrow-accounts/{escrow}", json={"balance": -0.01})
        names_field(below, "balance")

    def adds_up(self, account: str) -> None:
        """Many who read a balance, add to it and write it back lose nothing of each other."""
        with ThreadPoolExecutor(DEPOSITS) as pool:
            list(pool.map(lambda _: self.deposits(account), range(DEPOSITS)))
        assert self.http.get(account).json()["balance"] == f"{10 + DEPOSITS * 10}.00"

    def deposits(self, account: str) -> None:
        """Add 10, on the balance that is still the one that was read."""
        status = 412
        while status == 412:
            read = self.http.get(account)
            balance = str(Decimal(read.json()["balance"]) + 10)
            unchanged = {"If-Match": read.headers["ETag"]}
            written = self.http.patch(account, json={"balance": balance}, headers=unchanged)
            status = written.status_code
        assert status == 200, written.text

    def makes_room(self, borrower: str, loans: list[str]) -> None:
        """A loan that has ended makes room for one, and does not come back beside it."""
        done = self.http.patch(f"/loans/{loans[0]}", json={"status": "completed"})
        assert done.status_code == 200, done.text
        assert self.pays_out(loans[-1]).status_code == 200
        refuses(self.pays_out(loans[0]), "at most 3 active loans")
        query = {"borrower_id": borrower, "status": "active"}
        assert len(self.http.get("/loans", params=query).json()["items"]) == LIMIT

    def asks(self, borrower: str, **changes: Any) -> httpx2.Response:
        """Request a loan."""
        loan = {"borrower_id": borrower, "amount": 1000, "duration_months": 12}
        return self.http.post("/loans", json=loan | changes)

    def pays_out(self, loan: str) -> httpx2.Response:
        """Make a loan active."""
        return self.http.patch(f"/loans/{loan}", json={"status": "active"})


def refuses(answer: httpx2.Response, rule: str) -> None:
    """Check that a conflict names the rule, and the borrower as the one it is about."""
    is_problem(answer, 409)
    assert rule in answer.json()["detail"]
    assert [error["field"] for error in answer.json()["errors"]] == ["borrower_id"]


def rules_hold(base: str) -> None:
    """Use the system at an address."""
    with httpx2.Client(base_url=f"{base}/api/v1", timeout=20) as http:
        Lending(http).keeps_its_rules()
