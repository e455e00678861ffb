"""What Streamlit's pages may load and run: only what this installation itself serves.

So a picture or a script that somebody hides in a name or a comment reaches no other host.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from streamlit import file_util

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def page_policy(host: str) -> str:
    """Returns the Content-Security-Policy of Streamlit's pages.

    ``blob:`` scripts are how Streamlit starts web components; inline styles are how it writes its
    own. Of inline scripts, only those of its start page run; its counting of large numbers
    tries WebAssembly.

    Args:
        host: the host and port that the browser asked. Some browsers do not take its WebSockets
            for ``'self'``.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    directives = {
        "default-src": "'self'",
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {_inline_script_hashes()}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": f"'self'{sockets}",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


@cache
def _inline_script_hashes() -> str:
    """Source: W3C, Content Security Policy Level 3, "hash-source"."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_bytes().decode()
    digests = (sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)
