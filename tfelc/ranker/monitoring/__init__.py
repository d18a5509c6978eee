"""What is served, held against what an export was made on."""
