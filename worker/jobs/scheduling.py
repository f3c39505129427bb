"""Jobs of appointments."""
