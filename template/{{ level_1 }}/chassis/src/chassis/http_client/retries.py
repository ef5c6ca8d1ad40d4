class RetryBudget:
    """Lets a share of the calls be tried again, and a few at once after a quiet time.

    Without it, a service that is ill would get several times the load, and not recover.
    """

    SPARE = 10

    def __init__(self, share: float) -> None:
        self._share = share
        self._left = float(self.SPARE)

    def earn(self) -> None:
        """Count a call."""
        self._left = min(self._left + self._share, self.SPARE)

    def spend(self) -> bool:
        """Take one retry; False if there is none left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
