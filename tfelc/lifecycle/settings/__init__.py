"""The groups of settings that both products have."""
