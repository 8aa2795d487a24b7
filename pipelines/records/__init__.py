"""What is kept: records, versions, the ledger. Knows nothing of WARC files or HTML."""
