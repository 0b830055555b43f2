"""What stands around Kedge in a test, on 127.0.0.1 and a free port, which it prints: a server that follows `live/traffic.json`
(GET), and a receiver of messages, which writes their keys to `messages` (POST). Both take their time. It ends when standard input does.

With `cut` it is a bad receiver: it writes key, body and whether it answered as JSON to `posted`, and leaves every sixth without an answer."""
import http.server, json, os, sys, threading, time

CUTS = "cut" in sys.argv


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.2)
        traffic = json.load(open("live/traffic.json"))
        self.answer({side: (traffic[side] or {}).get("version") for side in ("current", "candidate")})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if CUTS:
            return self.take(body.decode())
        time.sleep(0.3)
        with open("messages", "a") as file:
            file.write(self.headers["Idempotency-Key"] + "\n")
        self.answer({})

    def take(self, body):
        time.sleep(0.02)
        with self.server.lock:
            self.server.posted += 1
            answers = self.server.posted % 6 != 0
            with open("posted", "a") as file:
                file.write(json.dumps({"key": self.headers["Idempotency-Key"], "body": body, "answered": answers}) + "\n")
        if answers:
            self.answer({})
        else:
            self.close_connection = True

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    posted, lock = 0, threading.Lock()

    # Clients are killed in mid-request here.
    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
