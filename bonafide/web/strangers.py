"""Who may ask: under which names the service answers, which pages may post to it, who holds its token."""

import hmac
import re
from collections.abc import Mapping
from importlib.resources import files

from starlette.datastructures import Headers

from bonafide.web.settings import Settings, is_loopback

NO_TOKEN = "a token is needed: Authorization: Bearer TOKEN"
WRONG_TOKEN = "this is not the token of this service"
OTHER_NAMES = "without a token this service answers to the names of its own machine alone"
OTHER_PAGES = "other sites' pages may not use this service; a proxy before it must pass the Host header on"
NOT_THE_PAGE = "this takes recordings from the service's own page alone; reload it if it is older than the service"
COLLECT = "/v1/collect"
PAGE_KEY = "x-bonafide-page"  # header
SAFE = ("GET", "HEAD")  # methods that change nothing
OWN = (
    "",
    "same-origin",
    "none",
)  # of Sec-Fetch-Site: programs and older browsers send none; "none" is the user's doing
DEFAULT_PORT = re.compile(r":(80|443)$")
PARTS = sorted(each.name for each in files("bonafide.web").iterdir() if each.name.endswith((".css", ".js")))
PAGE: Mapping[str, str] = {"/": "page.html", "/docs": "docs.html", **{f"/{name}": name for name in PARTS}}
OPEN = {*PAGE, "/v1/health"}  # hold no secret: the page asks for the token


def refusal(settings: Settings, page_key: str, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
    """Return status and sentence for a request that may not be answered, None for one that may.

    Parameters
    ----------
    settings : Settings
    page_key : str
        What the page of this run sends along with a recording for the corpus. Other sites' pages cannot read it,
        and could not send its header without asking, which nobody answers.
    method, path, headers
        Of the request.
    """
    if not settings.token and not is_loopback(_name(headers.get("host", ""))):
        # A page elsewhere could have its name point here, and then read the answers.
        return 421, OTHER_NAMES
    if _is_of_another_site(method, headers):
        return 403, OTHER_PAGES
    if settings.token and path not in OPEN:
        given = headers.get("authorization", "")
        if not _same(given, f"Bearer {settings.token}"):
            return 401, WRONG_TOKEN if given else NO_TOKEN
    if path == COLLECT and settings.collect is not None and not _same(headers.get(PAGE_KEY, ""), page_key):
        return 403, NOT_THE_PAGE
    return None


def _is_of_another_site(method: str, headers: Headers) -> bool:
    """Whether a browser says, by one header or the other, that another site's page asks."""
    site = headers.get("sec-fetch-site", "")
    if method in SAFE:  # a link from elsewhere may lead here, and nobody but the user sees what it shows
        return site == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
    host = _plain(headers.get("host", ""))
    return site not in OWN or any(_place(each) != host for each in headers.getlist("origin"))


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def _place(origin: str) -> str:
    """Return name and port of an Origin header; of "null", which a page has that hides where it is from, nothing."""
    return _plain(origin.partition("://")[2])


def _plain(place: str) -> str:
    return DEFAULT_PORT.sub("", place.strip().lower())


def _name(host: str) -> str:
    """Return the name in a Host header, without its port; `[::1]:80` and `::1` are told apart by the brackets."""
    return re.sub(r":\d*$", "", host.strip()).strip("[]") if not host.endswith("]") else host.strip("[]")
