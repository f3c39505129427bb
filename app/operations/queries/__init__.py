"""Reads of operations: periodic jobs, alerts, checks, and the state of the system."""
