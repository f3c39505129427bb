"""Factories: create_<noun>, the smallest valid object, made through services."""
