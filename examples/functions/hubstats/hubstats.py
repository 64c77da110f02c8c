#!/usr/bin/env python3
"""Says how many repositories somebody has on the Docker Hub, or on what HUB_URL names."""

import json
import os
import re
import sys
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen


def main():
    name = sys.stdin.buffer.read(300).decode(errors="replace").strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{2,255}", name):
        return "Send the name of an organisation or user."
    hub = os.environ.get("HUB_URL", "https://hub.docker.com").rstrip("/")
    try:
        with urlopen(f"{hub}/v2/repositories/{name}/?page_size=1", timeout=10) as answer:
            count = json.load(answer)["count"]
    except HTTPError as error:
        if error.code == 404:
            return f"There is no organisation or user {name} on the Docker hub."
        return f"The Docker hub answers {error.code}."
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        return f"The Docker hub cannot be asked: {error}"
    print(f"The organisation or user {name} has {count} repositories on the Docker hub.")
    return None


# A text is written to standard error, and the exit status is 1.
sys.exit(main())
