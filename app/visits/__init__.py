"""Visits: the way of one patient through the clinic's day, from arrival to completion.

Owns the queue (tokens, priority, calling), check-in by desk, kiosk or QR, the wall display and
the devices behind it. A visit may come from an appointment; a walk-in has none and holds
nobody's time. Words: token (the number on the wall), service (a type of visit), due (whose turn
comes first). Invariants: a number is given out once per clinic, day and service; a patient has
one open visit at most; an appointment and its visit change together or not at all.
"""
