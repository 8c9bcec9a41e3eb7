"""A real server of the API for tests, in a thread of the test's process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ui.api import create_app
from ui.guard import Access
from ui.server import listen, server_of


@contextmanager
def serving(retriever: Any, access: Access | None = None, seconds: float = 60.0) -> Iterator[str]:
    """The address of a real server of the API, in a thread of this process."""
    with listen("127.0.0.1", 0) as listening:
        server = server_of(create_app(retriever, access, seconds))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
