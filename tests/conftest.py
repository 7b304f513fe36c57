"""What every test may use."""

import os
from pathlib import Path

import hypothesis
import pytest

from tests.disks import small_disk as small_disk

# Speed is measured in bench/: a property is not false because the machine was busy.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real meetings and recordings; its tests are skipped, with a reason, when it is not named."""
    folder = os.environ.get("PARLEY_REAL_DATA", "")
    if not folder:
        pytest.skip("PARLEY_REAL_DATA is not set: no folder of real meetings to read")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail("PARLEY_REAL_DATA names a folder that does not exist")
    return path
