"""What the evidence is worth: models without skill and with a known one, really replayed."""
