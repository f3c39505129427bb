"""A believable sample clinic, made through the services; loading it again changes nothing.

The same people, kinds of visits and hours on every load. The visits are told around the day of
loading: four weeks of history behind it, two weeks of bookings ahead of it.
"""
