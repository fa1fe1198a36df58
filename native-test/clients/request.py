"""request.py URL [METHOD]: one request by requests; its answer on stdout, and exit status 1 where it is not 2xx."""
import sys

import requests

answer = requests.request(sys.argv[2] if len(sys.argv) > 2 else "GET", sys.argv[1], timeout=20)
print(answer.text)
sys.exit(0 if answer.ok else 1)
