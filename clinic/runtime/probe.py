"""Is this web server well? For the health check of its container: `python -m clinic.runtime.probe PORT`.

It asks /healthz but judges only what a restart of the web server could mend: that it answers and reaches the database.
A worker that is down is its own container's matter, and the 503 of /healthz tells whoever watches the whole.
"""

import http.client
import json
import os
import sys


def web_is_well(port: int, host: str) -> bool:
    """Whether the web server on this machine answers, under the name `host`, and its database does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status in {200, 503} and json.load(answer)["database"] == "ok"
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        sys.stderr.write(f"The web server is not well: {error}\n")
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not web_is_well(int(sys.argv[1]), os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0]))
