"""How Flask and Flask-AppBuilder are used here, once."""
