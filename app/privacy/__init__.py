"""Privacy: what people ask about their data, and the register of breaches (DPA-01 to DPA-03).

Words: request (what somebody wants done with their data), copy (everything we hold about one
person, as a file), breach (data seen, changed or lost by whom it is not for), entry (one line of
the log of either), countdown (the 72 hours in which a breach is notified).
"""
