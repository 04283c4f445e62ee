"""A run as other systems read it: one module for each of them."""
