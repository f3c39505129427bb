"""Operations: is the system well, and who is told when it is not?

Owns the checks of periodic jobs, alerts and reported errors. Words: check (what is expected of a
job), alert (something that a person must look at), escalation (telling more people after a while).
"""
