"""Invented prose in several languages, from sentence grammars and a seed."""

from sampleweb.prose.engine import Draft, Writer
from sampleweb.prose.lexicon import Lexicon, lexicon

__all__ = ["Draft", "Lexicon", "Writer", "lexicon"]
