"""What the numbers mean: studies, tallies, gaps, facts, and the screens, files and commands that show them."""
