"""The fault harness: brokers, processes and disks that fail, and what must be there after."""
