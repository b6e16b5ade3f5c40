"""What tests and benches both need: simulators, and people made of real programs or nodes."""
