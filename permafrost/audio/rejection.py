"""Why a file is not fit to learn from."""


class Rejected(ValueError):  # noqa: N818  it says what became of the file, not what broke
    """A file that must not become a training example; the message is the reason, as rejected.csv has it."""
