"""One machine, one command: the embedded PostgreSQL and Redis, and the supervisor of `make run`.

Standard library only, because it runs before the application and around it. Linux first; on other
systems the servers work, but a supervisor that is killed outright cannot take its children along.
"""
