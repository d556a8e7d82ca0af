import pytest
from small_run import small_config, small_data


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A prepared set of 40 birds."""
    return small_data(tmp_path_factory.mktemp("data") / "birds")


@pytest.fixture
def config():
    """The smallest StackGAN that has every part."""
    return small_config()
