"""The one exception that is meant for the person at the keyboard."""


class PermafrostError(Exception):
    """Something the user can mend: bad input, a bad parameter, a missing file.

    The message names the file, key or value at fault, says what was expected, and says what to do. Stages print it
    without a traceback and exit with status 1; anything else that is raised is a defect of ours: its traceback stays.
    """
