"""Other stream processors at the same job, each in an environment of its own.

The job: last, high, low and count of each ticker in state that survives a
crash. Their environments are made on demand under `build/peers`, from pinned
versions; so nothing here may import a library of ours at its top.
"""
