"""Scores from predictions, and statistics over scores."""
