"""Reads of other domains' facts, for counting only."""
