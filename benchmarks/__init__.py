"""Throughput of the whole worker, beside a plain Faust agent and bare consumers."""
