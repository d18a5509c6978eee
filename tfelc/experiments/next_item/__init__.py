"""How well do the next-item models rank?"""
