"""When and with whom: types of visit, opening hours, appointments and their states.

Words: a *claim* is time that an appointment holds of a provider or a patient (SCH-01); a
*span* is a stretch of opening hours in wall time; a *slot* is a time that is offered.
Invariants: two active claims of one resource never overlap (SCH-01); what lists the slots
also validates a booking (SCH-03); a status changes only along the table of
`rules/transitions.py`; nothing is deleted (SCH-07).
"""
