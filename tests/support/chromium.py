"""One browser for the browser tests that follow each other, without what nobody here looks at."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

PLAYWRIGHT_DISABLES: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
"""Of two switches of one name Chromium takes the last, so Playwright's own list stands in ours."""

DISABLED_FEATURES: Final = (*PLAYWRIGHT_DISABLES, "WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""The last two are pages behind the address bar of every window, which nobody sees: without them a new
context takes a third of the processor time.
"""


_kept: set[BrowserContext] = set()


def keep(context: BrowserContext) -> BrowserContext:
    """Leave this context open for the files that follow."""
    _kept.add(context)
    return context


class SharedBrowser:
    """The browser of one process of tests. It starts when it is asked for, and again after `close`.

    While Playwright runs, asyncio.run() fails in the same thread; so whoever comes to a file without browser
    tests closes it first.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._browser: Browser | None = None

    def get(self, program: Path) -> Browser:
        """The running browser."""
        if self._browser is None or not self._browser.is_connected():
            self.close()
            playwright = self._open.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(executable_path=program, args=_arguments())
            self._open.callback(self._browser.close)
        return self._browser

    def tidy(self) -> None:
        """Close the contexts that a file left open."""
        if self._browser is not None and self._browser.is_connected():
            for context in set(self._browser.contexts) - _kept:
                context.close()

    def close(self) -> None:
        """End the browser and Playwright, if they run."""
        self._browser = None
        _kept.clear()
        self._open.close()


def _arguments() -> list[str]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [f"--disable-features={','.join(DISABLED_FEATURES)}", *sandbox]
