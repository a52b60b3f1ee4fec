"""The language the parts share: records, topics and their bytes on the wire."""
