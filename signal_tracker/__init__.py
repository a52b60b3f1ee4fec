"""The front door: the command line, settings, the broker and the composition of the parts."""
