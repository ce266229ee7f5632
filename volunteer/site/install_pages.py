"""What makes the keeper's pages installable and lets them open without a network; and WeChat's proof of the domain.

The service worker keeps the frame of the scanning pages and files whose names carry a hash, and nothing else: no page
of a person, nothing that was sent. Source: ux.md §3, P8, AC19, AC27.
"""

import hashlib
import json
from typing import Any

from flask import Response, abort, current_app, jsonify, render_template, url_for

from volunteer.access import Permission, Scope
from volunteer.config import settings
from volunteer.web import layout
from volunteer.web.assets import asset, read_built
from volunteer.web.pages import Pages

pages = Pages("install")
GREEN = "#0b6b3a"
#: Built files that the scanning pages need, by name or by what their names begin with.
NEEDED = ("app.css", "scan.js", "queue.js", "check.js", "device.js", "icon", "lazy/", "shared/")
SHELLS = ("scan", "queue", "check")
#: Where nothing was built there is nothing to keep; an older worker goes.
_NO_WORKER = "self.addEventListener('activate', () => self.registration.unregister());\n"
_ASK_AGAIN = {"Cache-Control": "no-cache"}


@pages.page("/sw.js", Permission.ANYONE, Scope.NOTHING)
def service_worker() -> Any:
    """Give the service worker, with the list of what it keeps; another list makes another version."""
    script = read_built("sw.js")
    if script:
        shells = {name: url_for("scanner.shell_page", name=name) for name in SHELLS}
        kept = {"shells": shells, "offline": url_for("install.offline_page"), "files": _files()}
        version = hashlib.sha256(json.dumps([kept, script]).encode()).hexdigest()[:12]
        script = f"self.KEPT={json.dumps(kept | {'version': version})};\n{script}"
    return Response(script or _NO_WORKER, mimetype="text/javascript", headers=_ASK_AGAIN)


@pages.page("/app.webmanifest", Permission.ANYONE, Scope.NOTHING)
def manifest() -> Any:
    """Describe the installed page: it begins at the station."""
    name = layout.site().name
    icons = [
        {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
        if (address := asset(f"icon-{size}.png"))
    ]
    told = {
        "id": "/station",
        "name": name,
        "short_name": name[:12],
        "lang": "zh-CN",
        "start_url": url_for("station.today_page"),
        "scope": "/",
        "display": "standalone",
        "theme_color": GREEN,
        "background_color": "#ffffff",
        "icons": icons,
    }
    response = jsonify(told)
    response.mimetype = "application/manifest+json"
    return response, 200, _ASK_AGAIN


@pages.page("/offline", Permission.ANYONE, Scope.NOTHING)
def offline_page() -> Any:
    """Say that there is no network, and what goes on without."""
    return render_template("site/offline.html")


@pages.page("/MP_verify_<token>.txt", Permission.ANYONE, Scope.NOTHING)
def wechat_proof(token: str) -> Any:
    """Prove to WeChat that the domain is ours, as the operator was told to."""
    if token not in settings().wechat_proofs:
        abort(404)
    return Response(token, mimetype="text/plain")


def _files() -> list[str]:
    """Return the addresses of the built files that the scanning pages need."""
    built: dict[str, str] = current_app.extensions["assets"]
    return [asset(name) for name in sorted(built) if name.startswith(NEEDED)]
