"""One more site, on demand: articles whose look depends on much else, each by another technique.

`SampleWeb(rich=True)` serves it; `web.rich_pages` tells the truth about it.
"""

from sampleweb.rich.model import Requisite, RichPage
from sampleweb.rich.site import CDN, GALLERY, Gallery

__all__ = ["CDN", "GALLERY", "Gallery", "Requisite", "RichPage"]
