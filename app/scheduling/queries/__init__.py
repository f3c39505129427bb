"""Reads of scheduling: the facts that rules decide on, and what screens show."""
