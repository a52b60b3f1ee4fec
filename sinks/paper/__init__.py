"""PURE: the paper account, a function of rows: orders and bars in, trades and equity out."""
