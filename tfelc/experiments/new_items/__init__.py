"""How well are items recommended that nobody has taken yet?"""
