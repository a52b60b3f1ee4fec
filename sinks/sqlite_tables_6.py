"""The SQL of version 6 of signals.db: the greatest epoch that was read of each partition."""

VERSION_6 = """
ALTER TABLE sink_offsets ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
"""
