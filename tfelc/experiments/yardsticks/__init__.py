"""Are the defaults worse than models that take seconds?"""
