"""Backup: copies of everything, proven by restoring them.

A set is the database, the files and the configuration of one moment, sealed with a key that lies
elsewhere. Invariants: a set is complete or not there; what was not restored once does not count.
Words: set, part, manifest, target (where sets are kept), verification, restore, legal hold.
"""
