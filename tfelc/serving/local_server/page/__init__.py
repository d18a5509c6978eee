"""The page at `/`, for a person to see what is served and to try it."""
