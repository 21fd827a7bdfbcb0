from tests.transfer.conftest import examples, one_thread  # noqa: F401
