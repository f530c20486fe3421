"""Rate limit of sign-ins: counts attempts by account and address, and failures by address."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from headwater.kit.errors import TooMany

PER_ACCOUNT = RateLimitItemPerMinute(10, 10)
PER_ADDRESS = RateLimitItemPerMinute(60, 10)


class SignInThrottle:
    """The counters of one server process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def before(self, email: str, ip: str) -> None:
        """Count an attempt; raise TooMany with the seconds to wait if there were too many."""
        account = email.strip().lower()
        if not await self._limiter.test(PER_ADDRESS, "address", ip):
            raise await self._refusal(PER_ADDRESS, "address", ip)
        if not await self._limiter.hit(PER_ACCOUNT, "account", account, ip):
            raise await self._refusal(PER_ACCOUNT, "account", account, ip)

    async def failed(self, ip: str) -> None:
        """Count a failure against its address, whatever the account."""
        await self._limiter.hit(PER_ADDRESS, "address", ip)

    async def succeeded(self, email: str, ip: str) -> None:
        """Reset the count of an account whose password was right."""
        await self._limiter.clear(PER_ACCOUNT, "account", email.strip().lower(), ip)

    async def _refusal(self, limit: RateLimitItemPerMinute, *key: str) -> TooMany:
        window = await self._limiter.get_window_stats(limit, *key)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        return TooMany("Too many sign-in attempts.", hint=f"Try again in {seconds} seconds.", retry_after=seconds)
