"""What a worker says whose training ends because another worker is gone."""

LOST = "another worker is gone"
