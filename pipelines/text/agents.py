"""AI agents that a robots.txt may name, with who runs them and what for.

Names are those by which their operators say that robots.txt is read, as of November 2026; of those who publish
nothing, as lists that are kept in public name them. Some (``Google-Extended``) fetch nothing themselves: the token only
says what may be done with what another crawler has fetched. Retired names stay, for sites still write them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pipelines.text.robotstxt import product_token

Purpose = Literal["training", "dataset", "search", "user", "archive"]
"""What is fetched is to train models; to be sold or given away as data, which trains them too; to be found and quoted
by AI search; to answer a person who asks; to be kept and shown by an archive."""


class Agent(NamedTuple):
    """A crawler or a token of one that a robots.txt may name."""

    token: str
    """As its operator writes it."""
    operator: str
    """And what else is to be said of it, for people."""
    purpose: Purpose


AGENTS = (
    Agent("AI2Bot", "Ai2", "training"),
    Agent("Amazonbot", "Amazon", "training"),
    Agent("anthropic-ai", "Anthropic, retired", "training"),
    Agent("Applebot-Extended", "Apple, a token", "training"),
    Agent("Bytespider", "ByteDance", "training"),
    Agent("ChatGLM-Spider", "Zhipu", "training"),
    Agent("Claude-Web", "Anthropic, retired", "training"),
    Agent("ClaudeBot", "Anthropic", "training"),
    Agent("cohere-training-data-crawler", "Cohere", "training"),
    Agent("Cotoyogi", "ROIS", "training"),
    Agent("DeepSeekBot", "DeepSeek", "training"),
    Agent("FacebookBot", "Meta", "training"),
    Agent("Google-Extended", "Google, a token", "training"),
    Agent("GPTBot", "OpenAI", "training"),
    Agent("Kangaroo", "Kangaroo LLM, as `Kangaroo Bot`", "training"),
    Agent("Meta-ExternalAgent", "Meta", "training"),
    Agent("PanguBot", "Huawei", "training"),
    Agent("SBIntuitionsBot", "SB Intuitions", "training"),
    Agent("Timpibot", "Timpi", "training"),
    Agent("Webzio-Extended", "Webz.io, a token", "training"),
    Agent("CCBot", "Common Crawl", "dataset"),
    Agent("Diffbot", "Diffbot", "dataset"),
    Agent("ICC-Crawler", "NICT", "dataset"),
    Agent("ImagesiftBot", "Hive", "dataset"),
    Agent("img2dataset", "a program of LAION's authors", "dataset"),
    Agent("laion-huggingface-processor", "LAION", "dataset"),
    Agent("omgili", "Webz.io", "dataset"),
    Agent("omgilibot", "Webz.io, retired", "dataset"),
    Agent("VelenPublicWebCrawler", "Hunter", "dataset"),
    Agent("Amzn-SearchBot", "Amazon", "search"),
    Agent("Claude-SearchBot", "Anthropic", "search"),
    Agent("meta-webindexer", "Meta", "search"),
    Agent("OAI-SearchBot", "OpenAI", "search"),
    Agent("PerplexityBot", "Perplexity", "search"),
    Agent("PetalBot", "Huawei", "search"),
    Agent("PhindBot", "Phind", "search"),
    Agent("YouBot", "You.com", "search"),
    Agent("Amzn-User", "Amazon", "user"),
    Agent("ChatGPT-User", "OpenAI", "user"),
    Agent("Claude-User", "Anthropic", "user"),
    Agent("cohere-ai", "Cohere", "user"),
    Agent("DuckAssistBot", "DuckDuckGo", "user"),
    Agent("Gemini-Deep-Research", "Google", "user"),
    Agent("Google-NotebookLM", "Google", "user"),
    Agent("Meta-ExternalFetcher", "Meta", "user"),
    Agent("MistralAI-User", "Mistral AI", "user"),
    Agent("Perplexity-User", "Perplexity", "user"),
    Agent("archive.org_bot", "Internet Archive", "archive"),
    Agent("ia_archiver", "Internet Archive, retired", "archive"),
)

BY_TOKEN = {product_token(agent.token): agent for agent in AGENTS}
"""By the product token that robots.txt is compared with (RFC 9309): letters, ``_`` and ``-`` from the start."""

BY_NAME = {agent.token.lower(): agent for agent in AGENTS}

TRAINS = frozenset(agent.token for agent in AGENTS if agent.purpose in ("training", "dataset"))
"""Agents to forbid which is to forbid training and mining."""

ARCHIVES = frozenset(agent.token for agent in AGENTS if agent.purpose == "archive")
