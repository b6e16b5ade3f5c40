"""Who is here, whose frame is whose, and what members tell each other. Sans-IO."""
