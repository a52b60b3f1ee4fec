"""The specification's judging rules a second time: plain, slow, and independent of the product.

Nothing here imports `streams`, `sinks` or `producers`; tests compare the two.
"""
