"""Pages that need their scripts: a browser opens them, and the network stays ours.

The browser is a renderer and nothing else. Each of its requests is held, fetched by the crawl's own handler (address
guard, robots.txt, delays, capture byte for byte) or read back from the archive, and the answer handed to it. It
looks up no name and opens no connection. See docs/browser.md.
"""
