"""The running server for the browser tests of the screens."""

from tests.support.browser import vigil_server

__all__ = ["vigil_server"]
