"""How often a client may ask: a bucket of requests that fills again by the minute."""

import ipaddress
import time
from collections.abc import Callable

# One person's programs on this machine are one client; readers elsewhere are one each.
LOOPBACK_TIMES = 10
# Clients that are remembered; beyond it those that have not asked for a minute are forgotten.
MAX_CLIENTS = 10_000


class Allowance:
    """How many requests each client may still make: `per_minute` at once, and as many more each minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        # Client -> (requests left, when that was so).
        self._left: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, client: str) -> int:
        """Counts a request of `client`: 0 if it may be made, else after how many seconds.

        >>> now = [0.0]
        >>> allowance = Allowance(2, lambda: now[0])
        >>> [allowance.wait_seconds("10.0.0.7") for _ in range(3)]
        [0, 0, 30]
        >>> now[0] = 30.0
        >>> allowance.wait_seconds("10.0.0.7")
        0
        """
        now = self._clock()
        name, most = _client(client, self._per_minute)
        left, at = self._left.get(name, (float(most), now))
        left = min(float(most), left + (now - at) * most / 60)
        if left < 1:
            self._left[name] = (left, now)
            return max(1, round((1 - left) * 60 / most))
        if name not in self._left and len(self._left) >= MAX_CLIENTS:
            self._left = {key: value for key, value in self._left.items() if now - value[1] < 60}
        self._left[name] = (left - 1, now)
        return 0


def _client(address: str, per_minute: int) -> tuple[str, int]:
    """Whose allowance counts, and how large it is: a network of IPv6 is one client, this machine is another."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address, per_minute
    if ip.is_loopback:
        return "loopback", per_minute * LOOPBACK_TIMES
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False)), per_minute
    return address, per_minute
