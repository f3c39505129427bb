"""Messages to people: e-mail with calendar parts, and the bell.

Owns: the communication (FHIR Communication), one row per event, occurrence, recipient and
channel. Invariants: nothing is sent twice for one row (NOT-01); "sent" only after the mail server
took it (NOT-04); an e-mail names no service and no diagnosis (NOT-02).
"""
