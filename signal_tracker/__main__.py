"""`python -m signal_tracker` is `signal-tracker`."""

from signal_tracker.cli import main

main()
