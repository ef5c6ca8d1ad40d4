"""Create a user."""

from dataclasses import dataclass

from finance_lending_api.application.users.ports import Users
from finance_lending_api.domain.errors import require
from finance_lending_api.domain.user import NewUser, User


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Keep a new user, once its rules hold; nobody is identified from the start."""

    users: Users

    async def __call__(self, new: NewUser) -> User:
        """Raise RuleViolated if a rule does not hold."""
        new.check()
        require("kyc_status", "must start as pending", holds=new.kyc_status == "pending")
        return await self.users.add(new)
