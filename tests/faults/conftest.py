"""What the tests of faults share."""

from pathlib import Path

import pytest

from tests.alerts.conftest import told_in_full  # noqa: F401 -- every mail here is told in full
from tests.support.faulty_smtp import make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1, signed by nobody."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
