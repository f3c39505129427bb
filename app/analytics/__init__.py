"""Analytics: counting across domains, for people who run the clinic.

Owns no facts: it reads what other domains keep, defines each measure once, and never shows a
person. Words: measure (a number with a definition), lead time (booking to visit), utilisation
(held time over open time), waiting time (arrival to start).
"""
