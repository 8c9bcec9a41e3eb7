"""What of an HTML page is text for a reader, and what is the chrome of its site."""

import re
from typing import TYPE_CHECKING

from ..words import words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# Never text for a reader.
SILENT = words(
    "annotation annotation-xml audio button canvas datalist dialog embed head iframe input map meter "
    "noscript object progress rp script select style svg template textarea video"
)
_CHROME_ROLES = words("navigation search menu menubar toolbar dialog alertdialog")
# Signs that stand behind headings as links to themselves, and edit links of wikis.
_PERMALINKS = frozenset(("¶", "#", "§", "🔗", "\uf0c1"))
# Class names and ids that well-known site generators give to what is not content: links to headings,
# edit links, navigation, tables of contents (which repeat every heading and answer nothing), and what
# print leaves out.
_CHROME_NAMES = words(
    "headerlink anchorjs-link mw-editsection mw-jump-link skip-link sr-only visually-hidden noprint "
    "no-print d-print-none navbar navheader navfooter nav-panel breadcrumb breadcrumbs sphinxsidebar "
    "site-header site-footer sidebar-nav toc contents_element element-contents sec_contents table-of-contents "
    "tableofcontents navbox catlinks cookie-banner mw-portlet vector-dropdown vector-menu"
)
# These alone say nothing; around links to the next and previous page they are navigation.
_MAYBE_CHROME = words("header footer nav navigation")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# A <main> is taken for the whole page only if it holds a good part of it.
_MAIN_SHARE = 0.25


def main_part(body: "LexborNode | None") -> "LexborNode | None":
    """The one part of the page that calls itself the main one, if it holds a good part of the text."""
    if body is None:
        return None
    found = body.css("main, [role=main]")
    if len(found) == 1 and len(found[0].text()) >= _MAIN_SHARE * len(body.text()):
        return found[0]
    return body


def is_chrome(node: "LexborNode", tag: str, in_content: bool) -> bool:
    """Whether an element is the site's frame (navigation, banner, footer) rather than the page's own text."""
    if tag == "nav" or (tag in ("header", "footer") and not in_content and not _holds_title(node, tag)):
        return True
    attributes = node.attributes
    if not attributes:
        return False
    role = attributes.get("role")
    is_landmark = role in _CHROME_ROLES or (role in ("banner", "contentinfo") and not in_content)
    if is_landmark or "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return tag not in ("body", "main", "article")
    if (style := attributes.get("style")) and _HIDDEN_STYLE.search(style):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower().split()
    if not _CHROME_NAMES.isdisjoint(names) and tag not in ("body", "main", "article"):
        return True
    if not _MAYBE_CHROME.isdisjoint(names) and node.css_first("a[rel=next], a[rel=prev]") is not None:
        return True
    return tag == "a" and (node.text() or "").strip() in _PERMALINKS


def _holds_title(node: "LexborNode", tag: str) -> bool:
    """Whether a <header> holds the heading of the page: the one place where it matters what it says."""
    return tag == "header" and node.css_first("h1") is not None
