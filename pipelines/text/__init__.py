"""From bytes to an article or a rejection: pure functions. Knows nothing of WARC files or records."""
