"""What a person reads, whatever the screen."""
