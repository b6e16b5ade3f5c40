"""Who is here, whose frame is whose, what members tell each other, what a line carries. Sans-IO."""
