"""Speed and memory as ratios to a control in the same run. `make bench`; never part of CI.

A ratio says something on every machine: the control is a bare Flask site with one SQL statement
on the same database server, measured a moment before by the same clients.
"""
