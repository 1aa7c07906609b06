"""Asks for a sum through the client that was generated into the folder beside it: the address, a key or nothing, then two numbers. Says the reply as JSON."""

import json
import sys

from generated import AuthenticatedClient, Client
from generated.api.requests import request_sum
from generated.models import SumReply, SumRequest

url, key, a, b = sys.argv[1:5]
client = AuthenticatedClient(base_url=url, token=key) if key else Client(base_url=url)
reply = request_sum.sync(client=client, body=SumRequest(a=float(a), b=float(b)), prefer="wait=20")
if not isinstance(reply, SumReply):
    sys.exit(f"Expected a reply, got {reply}")
print(json.dumps(reply.to_dict()))
