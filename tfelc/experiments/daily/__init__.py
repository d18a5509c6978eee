"""Is a ranker that goes on day by day as good as one that is trained anew on all the days?"""
