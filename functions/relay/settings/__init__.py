"""What the environment says: every variable in one table, read and checked once, mistakes told in words."""
