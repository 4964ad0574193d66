"""The running server for the browser tests of the screens."""

from tests.support.browser import give_back_pages, vigil_server

__all__ = ["give_back_pages", "vigil_server"]
