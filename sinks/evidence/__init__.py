"""PURE: the statistics of evidence. No I/O, no clock, no randomness of any kind.

A module a family of measures; `cohort` holds what a cohort's evidence consists of.
"""
