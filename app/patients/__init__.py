"""Who we care for: patients, how to reach them, where they study, and their import from a file.

Words: a patient has contact points, emergency contacts and one enrolment per term (academic year
and semester). Invariants: a university ID belongs to one patient, whatever its case; at most one
enrolment of a patient is the latest; an import changes nothing when it is run again.
"""
