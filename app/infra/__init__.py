"""The outside world: database, queue, mail, files. Each port has one real implementation."""
