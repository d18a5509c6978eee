"""How well is a ranker calibrated whose conversions come days later? On a simulated log that ends among them."""
