"""The pages of the running server for the browser tests of the screens."""

from tests.support.browser import give_back_pages

__all__ = ["give_back_pages"]
