"""Does the cluster module help a ranker?"""
