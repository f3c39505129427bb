"""Proves on the clinic's own database server that no time is ever given twice.

Owns nothing that stays: everything happens in a scratch database that is dropped at the end.
Run it with `flask clinic self-test races`. Words: race (many want the same at one instant),
racer (one of them, in a process of their own), verdict (a sentence for an administrator).
"""
