"""Invented prose in several languages, from sentence grammars and a seed."""

from sampleweb.prose.engine import Draft, Lexicon, Writer, lexicon

__all__ = ["Draft", "Lexicon", "Writer", "lexicon"]
