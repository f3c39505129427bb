"""Values every domain shares. Standard library only."""
