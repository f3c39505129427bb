"""Builds the site for the web server: the staff app with the portal mounted on it."""

from app.factory import create_app
from config.settings import read_settings
from portal import mount_portal

app = create_app(read_settings())
mount_portal(app)
