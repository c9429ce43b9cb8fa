"""Pictures of explanations: plain text for a mail, a space-time diagram for a browser."""
