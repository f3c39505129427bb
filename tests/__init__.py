"""Tests, sorted by what they cost: rules need nothing but Python, browser tests a Chromium."""
