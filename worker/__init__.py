"""Work that nobody waits for: jobs on RQ, and the relay that brings them there."""
