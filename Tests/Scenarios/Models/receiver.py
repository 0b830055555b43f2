"""Receives what an `http` channel sends, on 127.0.0.1 and a free port, which it prints; each message becomes a line of `received`: a JSON object with its key and
whether it was answered.
What the file `mode` says decides the answer: ok (or no file), down (503), refuse (404), cut (it is taken, and the connection closed without an answer), and
random (each of ok, down and cut at times). It ends when standard input does."""
import http.server, json, os, random, sys, threading


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        try:
            mode = open("mode").read().strip()
        except FileNotFoundError:
            mode = "ok"
        if mode == "random":
            mode = random.choices(["ok", "down", "cut"], [8, 1, 1])[0]
        if mode in ("ok", "cut"):
            with lock, open("received", "a") as file:
                file.write(json.dumps({"key": self.headers["Idempotency-Key"], "answered": mode == "ok", **body}) + "\n")
        if mode == "cut":
            self.close_connection = True
            return
        status = {"ok": 200, "down": 503, "refuse": 404}[mode]
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    # Clients are killed in mid-request here.
    def handle_error(self, request, client_address):
        pass


lock = threading.Lock()
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
