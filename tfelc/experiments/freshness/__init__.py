"""How much does a ranker gain from activity features that are fresher?"""
