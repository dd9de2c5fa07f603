"""Files that come in: each format reads its own into documents that the runner takes through the line."""
