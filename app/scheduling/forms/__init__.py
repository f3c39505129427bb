"""Fields and shape checks of scheduling's staff screens."""
