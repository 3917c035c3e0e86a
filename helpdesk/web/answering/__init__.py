"""The expert's one page about one question, for both ways in: signed in, and by the link of a letter."""
