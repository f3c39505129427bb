"""USC-PIS, the patient information system of a university clinic.

kernel/ values every domain shares; infra/ the outside world; web/ Flask and FAB, once;
the other folders are domains with the same rooms (docs/domains.md). No imports here: a rule
must load without Flask.
"""
