"""The hall that joins archive, text and records: all that turns captures into records goes through it."""
