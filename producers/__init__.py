"""The edge in: files and models to records on the inbound topics."""
