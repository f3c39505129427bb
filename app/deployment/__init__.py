"""Looks over a production installation and says in plain words what is wrong with it.

Owns nothing. `facts` are what was found, `looking` finds them, `checks` judges them without
touching anything. Run it with `flask clinic check-deployment`. Words: finding (a sentence for an
administrator), wrong (do not serve patients like this), advice (better, but it can wait).
"""
