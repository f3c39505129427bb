"""Retention: how long records are kept, and how they end (RET-01, RET-02).

Words: schedule (how long a kind of record is kept), hold (a reason that forbids disposal),
disposal (a list that two people approved and that was then carried out), certificate.
"""
