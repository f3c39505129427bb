"""What can go wrong before the site runs, as sentences for the person at the keyboard."""


class CannotStart(Exception):
    """Something on this machine is in the way; the message says what, and what to do."""


class StopRequested(Exception):
    """Ctrl-C or SIGTERM arrived while something was still starting."""
