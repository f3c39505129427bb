"""Settings, logging and the web server's configuration. Knows nothing of the app."""
