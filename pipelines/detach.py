"""Imported by the fork server of ``pipelines.workers`` when it starts, and by nothing else.

It leaves the process group of the crawl: a signal to the group (Ctrl-C in a terminal, a service manager's SIGTERM)
asks the crawl to end in good order, and must not take away the workers that it needs for that.
"""

import os

os.setpgrp()
