"""Integrity: proves that what is stored still obeys every rule.

Runs the invariants that each domain declares in its room `invariants.py`, verifies the chain of
the audit trail, and keeps signed reports. Words: invariant (a sentence that must always hold),
breach (a row that contradicts it), proof (one run over all of them).
"""
