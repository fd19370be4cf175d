"""What support sees."""
