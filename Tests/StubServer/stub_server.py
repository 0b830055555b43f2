"""A server for tests, on 127.0.0.1 and a free port. It prints the port, and ends when its standard input does.

    stub_server.py [--tls CERTIFICATE KEY]

Every request but those below /_ is recorded; GET /_requests answers with what was recorded, GET /_abandoned with how many clients left before an answer.
"""

import collections
import datetime
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

recorded = []
abandoned = [0]
counters = collections.Counter()
following = {}
objects = {}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, body=b"", headers=()):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = [("Content-Type", "application/json"), *headers]
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_request(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = {
            "method": self.command,
            "path": self.path,
            "headers": [[n, v] for n, v in self.headers.items()],
            "body": body.decode("utf-8", "replace"),
        }
        if self.command == "PUT" and url.path.startswith("/bucket/"):
            with lock:
                objects[urllib.parse.unquote(url.path.removeprefix("/bucket/"))] = body
            return self.answer(200)
        if url.path == "/_requests":
            with lock:
                return self.answer(200, list(recorded))
        if url.path == "/_abandoned":
            with lock:
                return self.answer(200, {"abandoned": abandoned[0]})
        with lock:
            recorded.append(request)
        parts = [p for p in url.path.split("/") if p]
        action = getattr(self, "do_" + parts[0].replace(".", "_"), None) if parts else None
        if action is None:
            return self.answer(404, b"no such page")
        action(parts, query, request)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = lambda self: self.handle_request()

    # /echo: the request, as JSON
    def do_echo(self, parts, query, request):
        self.answer(200, request, [("X-Twice", "one"), ("X-Twice", "two")])

    # /status/503?retry-after=7&body=text
    def do_status(self, parts, query, request):
        headers = [("Retry-After", query["retry-after"])] if "retry-after" in query else []
        if "retry-after-date" in query:
            headers = [("Retry-After", email.utils.formatdate(time.time() + float(query["retry-after-date"]), usegmt=True))]
        self.answer(int(parts[1]), query.get("body", "").encode(), headers)

    # /flaky/NAME?failures=2: so many times 503, then 200
    def do_flaky(self, parts, query, request):
        with lock:
            counters[parts[1]] += 1
            failed = counters[parts[1]] <= int(query["failures"])
        self.answer(503 if failed else 200)

    # /bytes/N
    def do_bytes(self, parts, query, request):
        self.answer(200, b"x" * int(parts[1]))

    # /endless: a response without an end
    def do_endless(self, parts, query, request):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            with lock:
                abandoned[0] += 1

    # /hang: no answer; notices when the client goes
    def do_hang(self, parts, query, request):
        try:
            left = self.connection.recv(1) == b""
        except OSError:
            left = True
        if left:
            with lock:
                abandoned[0] += 1
        self.close_connection = True

    # /cut: promises more than it sends
    def do_cut(self, parts, query, request):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half of it")
        self.close_connection = True

    # /close: no answer at all
    def do_close(self, parts, query, request):
        self.close_connection = True

    # /garbage: not HTTP
    def do_garbage(self, parts, query, request):
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        self.close_connection = True

    # /redirect?to=URL
    def do_redirect(self, parts, query, request):
        self.answer(302, b"elsewhere", [("Location", query["to"])])

    # /follow?file=traffic.json&late=3: a server of models that follows a traffic file, and needs a few looks to notice a change
    def do_follow(self, parts, query, request):
        try:
            with open(query["file"]) as file:
                traffic = json.load(file)
        except FileNotFoundError:
            return self.answer(503, b"no traffic yet")
        served = {"current": traffic["current"]["version"], "candidate": (traffic["candidate"] or {}).get("version")}
        with lock:
            if following.get(query["file"], {}).get("served") != served:
                state = following.setdefault(query["file"], {"looks": 0})
                state["looks"] += 1
                if state["looks"] <= int(query.get("late", "0")):
                    return self.answer(200, state.get("served", {"current": "none/0", "candidate": None}))
                following[query["file"]] = {"looks": 0, "served": served}
        self.answer(200, served)

    # /api/chat.postMessage: as Slack answers it
    def do_api(self, parts, query, request):
        headers = {n.lower(): v for n, v in request["headers"]}
        token = headers.get("authorization", "").removeprefix("Bearer ")
        modes = {
            "xoxb-limited": (429, {"ok": False, "error": "ratelimited"}, [("Retry-After", "30")]),
            "xoxb-limited-200": (200, {"ok": False, "error": "ratelimited"}, []),
            "xoxb-down": (503, {}, []),
            "xoxb-revoked": (200, {"ok": False, "error": "token_revoked"}, []),
            "xoxb-broken": (200, [], []),
        }
        if token in modes:
            return self.answer(*modes[token])
        if token != "xoxb-good":
            return self.answer(200, {"ok": False, "error": "invalid_auth"})
        if request["method"] != "POST" or parts[1:] not in (["chat.postMessage"], ["chat.update"]):
            return self.answer(200, {"ok": False, "error": "unknown_method"})
        if not headers.get("content-type", "").startswith("application/json"):
            return self.answer(200, {"ok": False, "error": "invalid_post_type"})
        body = json.loads(request["body"])
        faults = slack_faults(body)
        if body.get("channel") == "#nowhere":
            return self.answer(200, {"ok": False, "error": "channel_not_found"})
        if not body.get("channel") or faults:
            return self.answer(200, {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": faults}})
        if parts[1] == "chat.update":
            if not body.get("ts", "").startswith("1700000000."):
                return self.answer(200, {"ok": False, "error": "message_not_found"})
            return self.answer(200, {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": body["text"]})
        if "ts" in body:
            return self.answer(200, {"ok": False, "error": "invalid_arguments"})
        with lock:
            counters["ts"] += 1
            stamp = f"1700000000.{counters['ts']:06d}"
        self.answer(200, {"ok": True, "channel": "C0123456", "ts": stamp, "message": {"text": body["text"]}})

    # /services/T000/B000/SECRET: as Slack's incoming webhooks answer
    def do_services(self, parts, query, request):
        if parts[1:] == ["T000", "B000", "ok-but-html"]:
            return self.answer(200, b"<html>sign in</html>")
        if parts[1:] == ["T000", "B000", "down"]:
            return self.answer(500, b"rollup_error")
        if parts[1:] != ["T000", "B000", "SECRET"]:
            return self.answer(403, b"invalid_token")
        body = json.loads(request["body"])
        if "channel" in body or slack_faults(body):
            return self.answer(400, b"invalid_payload")
        self.answer(200, b"ok")

    # /v2/enqueue: as PagerDuty's Events API answers it
    def do_v2(self, parts, query, request):
        event = json.loads(request["body"])
        key = event.get("routing_key")
        if key == "limited-key":
            return self.answer(429, {"status": "throttle exceeded", "message": "Requests for this service have exceeded the limit"}, [("Retry-After", "40")])
        if key == "down-key":
            return self.answer(503, b"upstream")
        faults = [] if key == "good-key" else [f"Invalid routing key {key}"]
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            faults.append("'event_action' is missing")
        if event.get("event_action") == "trigger" and not {"summary", "source", "severity"} <= set(event.get("payload", {})):
            faults.append("'payload' is incomplete")
        if faults or parts[1:] != ["enqueue"]:
            return self.answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": faults})
        self.answer(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    # /workflows/SECRET: as a workflow of Teams answers
    def do_workflows(self, parts, query, request):
        if parts[1] == "limited-secret":
            return self.answer(429, {"error": {"code": "TooManyRequests"}}, [("Retry-After", "5")])
        if parts[1] == "legacy-secret":
            return self.answer(200, b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429")
        if parts[1] != "good-secret":
            return self.answer(401, {"error": {"message": f"no such workflow {parts[1]}"}})
        if len(request["body"].encode()) > 28_000:
            return self.answer(413, b"")
        self.answer(202)

    # /tenant/oauth2/…: as Microsoft Entra gives out tokens
    def do_tenant(self, parts, query, request):
        form = dict(urllib.parse.parse_qsl(request["body"]))
        asked = {"token": form.get("resource"), "v2.0": form.get("scope")}[parts[2]]
        if form.get("grant_type") != "client_credentials" or form.get("client_id") != "application" or asked not in (
            "https://monitoring.azure.com/", "https://monitor.azure.com/.default"):
            return self.answer(400, {"error": "invalid_request"})
        if form.get("client_secret") != "s3cret & more":
            return self.answer(401, {"error": "invalid_client", "error_description": f"wrong secret {form.get('client_secret')}"})
        self.answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-for-{asked}"})

    # /dataCollectionRules/dcr-1/streams/Custom-Kedge_CL: as Azure's Logs Ingestion API answers
    def do_dataCollectionRules(self, parts, query, request):
        headers = {n.lower(): v for n, v in request["headers"]}
        if headers.get("authorization") != "Bearer token-for-https://monitor.azure.com/.default":
            return self.answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": "the token is for somebody else"}})
        if query.get("api-version") != "2023-01-01" or not isinstance(json.loads(request["body"]), list):
            return self.answer(400, {"error": {"code": "InvalidPayload", "message": "expected an array"}})
        if parts[3] == "Custom-Limited":
            return self.answer(429, {"error": {"code": "TooManyRequests"}}, [("Retry-After", "11")])
        if parts[1:] != ["dcr-1", "streams", "Custom-Kedge_CL"]:
            return self.answer(404, {"error": {"code": "NotFound", "message": "Data collection rule was not found"}})
        self.answer(204)

    # /subscriptions/…/metrics: as Azure takes custom metrics
    def do_subscriptions(self, parts, query, request):
        headers = {n.lower(): v for n, v in request["headers"]}
        if headers.get("authorization") != "Bearer token-for-https://monitoring.azure.com/":
            return self.answer(401, {"Message": "the token is for somebody else"})
        fault = azure_metric_fault(json.loads(request["body"])) if parts[-1] == "metrics" else "no metrics"
        self.answer(400 if fault else 200, {"Message": fault} if fault else b"")

    # /bucket/KEY: like S3. What was PUT is answered to whoever signs for it as AKIDEXAMPLE with the key "secret"; below public/ without.
    # flaky/ closes the connection twice after half of what was asked for, plain/ gives no parts, changing/ has another tag each time.
    def do_bucket(self, parts, query, request):
        key = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.removeprefix("/bucket").removeprefix("/"))
        headers = {n.lower(): v for n, v in request["headers"]}
        kind = (key or query.get("prefix", "")).split("/")[0]
        fault = None if kind == "public" else signature_fault(self.command, self.path, headers)
        if fault:
            return self.answer(403, f"<Error><Code>{fault}</Code></Error>".encode())
        if "list-type" in query:
            with lock:
                keys = sorted(k for k in objects if k.startswith(query["prefix"]))
            start = int(query.get("continuation-token", 0))
            page = "".join(f"<Contents><Key>{k.replace('&', '&amp;')}</Key></Contents>" for k in keys[start : start + 2])
            more = start + 2 < len(keys)
            token = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if more else ""
            return self.answer(200, f"<ListBucketResult>{page}<IsTruncated>{str(more).lower()}</IsTruncated>{token}</ListBucketResult>".encode())
        with lock:
            body = objects.get(key)
            counters[key] += 1
            count = counters[key]
        if body is None:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        tag = f'"{hashlib.md5(body).hexdigest()}{count if kind == "changing" else ""}"'
        if headers.get("if-match", tag) != tag:
            return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        answer, status = [("ETag", tag)], 200
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if found and kind != "plain":
            first, last = int(found[1]), min(int(found[2] or len(body) - 1), len(body) - 1)
            answer.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
            body, status = body[first : last + 1], 206
        if kind in ("flaky", "changing", "plain") and count <= 2 and len(body) > 1:
            self.send_response(status)
            for name, value in [*answer, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.answer(status, body, answer)

    def log_message(self, *arguments):
        pass


def azure_metric_fault(body):
    """What "Ingest custom metrics for an Azure resource" refuses. None when all is well."""
    if set(body) != {"time", "data"} or set(body["data"]) != {"baseData"}:
        return "time and data.baseData"
    age = time.time() - datetime.datetime.fromisoformat(body["time"].replace("Z", "+00:00")).timestamp()
    if not -300 <= age <= 1200:
        return f"the time is {age} s old"
    data = body["data"]["baseData"]
    if set(data) != {"metric", "namespace", "dimNames", "series"} or not data["metric"] or not data["namespace"]:
        return "metric, namespace, dimNames, series"
    if not 1 <= len(data["dimNames"]) <= 10:
        return "one to ten dimensions"
    for point in data["series"]:
        if set(point) != {"dimValues", "min", "max", "sum", "count"} or len(point["dimValues"]) != len(data["dimNames"]) or not all(point["dimValues"]):
            return "a point without all values"
        if not (isinstance(point["count"], int) and all(isinstance(point[k], (int, float)) for k in ("min", "max", "sum"))):
            return "a point with something else than numbers"
    return None


def signature_fault(method, target, headers):
    """What S3 would say of a request signed with version 4, by the secret "secret"; None when it is right."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/([a-z0-9-]+)/s3/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
        headers.get("authorization", ""))
    if not found:
        return "AccessDenied"
    day, region, names, signature = found.groups()
    signed = names.split(";")
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed) or signed != sorted(signed):
        return "AuthorizationHeaderMalformed"
    if not headers["x-amz-date"].startswith(day) or region != "eu-test-1":
        return "AuthorizationHeaderMalformed"
    if "x-amz-security-token" in headers and headers["x-amz-security-token"] != "session":
        return "InvalidToken"
    url = urllib.parse.urlsplit(target)
    query = "&".join(sorted(p if "=" in p else p + "=" for p in url.query.split("&") if p))
    canonical = "\n".join(
        [method, url.path, query, *[f"{n}:{headers.get(n, '').strip()}" for n in signed], "", names, headers["x-amz-content-sha256"]])
    scope = f"{day}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4secret"
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(right, signature) else "SignatureDoesNotMatch"


def slack_faults(body):
    """What Slack's documentation of Block Kit and chat.postMessage would refuse. Empty when all is well."""
    faults = []

    def check(condition, fault):
        if not condition:
            faults.append(fault)

    def check_text(text, kinds, limit, where):
        check(isinstance(text, dict) and text.get("type") in kinds, f"{where}: kind of text")
        value = text.get("text", "") if isinstance(text, dict) else ""
        check(isinstance(value, str) and 1 <= len(value) <= limit, f"{where}: length {len(value)} of at most {limit}")
        if isinstance(text, dict) and text.get("type") == "mrkdwn":
            bare = re.sub(r"<https?://[^<>|]*\|[^<>]*>", "", re.sub(r"&(amp|lt|gt);", "", value))
            check(not re.search(r"[&<>]", bare), f"{where}: unescaped: {bare!r}")

    check(set(body) <= {"channel", "text", "blocks", "thread_ts", "metadata", "unfurl_links", "unfurl_media", "ts", "reply_broadcast"}, f"keys {sorted(body)}")
    check(isinstance(body.get("text"), str) and 1 <= len(body["text"]) <= 4000, "text")
    blocks = body.get("blocks")
    check(isinstance(blocks, list) and 1 <= len(blocks) <= 50, "blocks")
    for number, block in enumerate(blocks if isinstance(blocks, list) else []):
        kind = block.get("type")
        where = f"blocks[{number}] ({kind})"
        if kind == "header":
            check(set(block) <= {"type", "text", "block_id"}, where)
            check_text(block.get("text"), {"plain_text"}, 150, where)
        elif kind == "section":
            check(set(block) <= {"type", "text", "fields", "accessory", "block_id"}, where)
            check("text" in block or "fields" in block, where)
            if "text" in block:
                check_text(block["text"], {"plain_text", "mrkdwn"}, 3000, where)
            if "fields" in block:
                check(1 <= len(block["fields"]) <= 10, f"{where}: {len(block['fields'])} fields")
                for field in block["fields"]:
                    check_text(field, {"plain_text", "mrkdwn"}, 2000, f"{where} field")
        elif kind == "context":
            check(1 <= len(block.get("elements", [])) <= 10, where)
            for element in block.get("elements", []):
                check_text(element, {"plain_text", "mrkdwn"}, 2000, where)
        else:
            check(False, f"{where}: unexpected kind")
    if "metadata" in body:
        check(set(body["metadata"]) == {"event_type", "event_payload"}, "metadata")
    return faults


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if "--tls" in sys.argv:
        certificate, key = sys.argv[sys.argv.index("--tls") + 1 :][:2]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
