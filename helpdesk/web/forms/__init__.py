"""What is sent from pages: one module of forms per blueprint."""
