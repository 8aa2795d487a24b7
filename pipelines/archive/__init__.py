"""WARC, and what is made of it. Knows nothing of text or records."""
