"""Start and end of the web process: database, first set-up code, warm imports, quiet collector."""

import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread

from actions import accounts, context
from actions.start import StartError, start_process
from clock import utc_now
from web.addresses import FIRST_START


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, Any] | None]:
    """Runs before the first request and after the last; a start that fails says why in one sentence."""
    try:
        await to_thread.run_sync(lambda: start_process(utc_now()))
    except StartError as error:
        print(f"Vigil did not start. {error}", file=sys.stderr, flush=True)
        # Any exception would follow the one sentence with a traceback; nothing is open yet.
        os._exit(1)
    await to_thread.run_sync(offer_setup)
    await to_thread.run_sync(warm_up)
    gc.collect()
    # What is loaded now stays for good: without it a collection is much shorter.
    gc.freeze()
    yield None


def offer_setup() -> None:
    """Print the one-time code of the first start, if there is no account yet."""
    code = accounts.start_setup(utc_now())
    if code is not None:
        address = f"{context.settings().app_url}{FIRST_START}"
        print(f"First start. Open {address} and enter this set-up code: {code}", flush=True)


def warm_up() -> None:
    """Import what the first page would, and draw one figure that nobody sees."""
    import pandas  # noqa: F401
    import plotly.graph_objects as go
    import plotly.io

    figure = go.Figure([go.Scatter(x=[0], y=[0]), go.Heatmap(z=[[0]])])
    plotly.io.to_json(figure)
