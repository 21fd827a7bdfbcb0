from tests.transfer.conftest import always_one_thread, examples  # noqa: F401
