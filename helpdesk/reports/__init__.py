"""Readings of tickets and their logs for people who steer. Read only."""
