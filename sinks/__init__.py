"""The edge out: topics into SQL tables and report files."""
