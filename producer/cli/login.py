"""Login: who runs a command, for the record."""

import os
import pwd


def login() -> str:
    """The name of who runs the command."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container
        return f"uid {os.getuid()}"
