"""What a person sees and types: command line, line mode, screens."""
