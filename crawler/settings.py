"""The defaults of a polite crawl. A job file, ``-s NAME=VALUE`` or your own settings module override them.

Every Broadsheet setting is described in docs/settings.md.
"""

from pipelines import VERSION

BOT_NAME = "broadsheet"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False
COMMANDS_MODULE = "crawler.commands"
ADDONS = {"crawler.addon.BroadsheetAddon": 0}

# Who we are. Set BROADSHEET_CONTACT (or `contact` in the job) to a page or address of yours.
BROADSHEET_CONTACT = None
USER_AGENT = f"Broadsheet/{VERSION}"

# Polite by default: one connection to a host, a second between requests, robots.txt obeyed.
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 64

# Ask each host that articles come from, once a week at most, for its /.well-known/tdmrep.json: what it reserves.
BROADSHEET_TDMREP = True

# Bounds of one exchange.
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 32 << 20
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True
DNS_TIMEOUT = 15

# Bounds of parsing one page, which happens in processes of its own.
BROADSHEET_WORKERS = 2
BROADSHEET_PARSE_SECONDS = 20
BROADSHEET_PARSE_MEGABYTES = 2048

# The archive.
BROADSHEET_WARC_BYTES = 1_000_000_000
BROADSHEET_MAX_DISK = 0

# Seconds between two pictures, styles or scripts of a host, where pages are archived with what they need.
BROADSHEET_REQUISITE_DELAY = 0.2

# Seconds that a run waits for a host that asks for patience; one that asks for more is left to the next run.
BROADSHEET_LONGEST_WAIT = 300

# What a monitor is told: an address that gets health.json when a verdict changes, a port for Prometheus (0: any free
# one), a file for node_exporter's textfile collector; "unhealthy" to end with status 7 when an outlet does badly.
BROADSHEET_WEBHOOK = None
BROADSHEET_METRICS_PORT = None
BROADSHEET_METRICS_FILE = None
BROADSHEET_FAIL_ON = None

# The instant that a run takes for now: for rehearsals of months, and tests. None: the real one.
BROADSHEET_NOW = None

# Private and loopback addresses are never spoken to, unless this is set (for a crawl of your own machines).
ALLOW_PRIVATE_ADDRESSES = False
