"""What stands around Kedge in a test, on 127.0.0.1 and a free port, which it prints: a server that follows `live/traffic.json`
(GET), and a receiver of messages, which writes their keys to `messages` (POST). Both take their time. It ends when standard input does."""
import http.server, json, os, sys, threading, time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.2)
        traffic = json.load(open("live/traffic.json"))
        self.answer({side: (traffic[side] or {}).get("version") for side in ("current", "candidate")})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(0.3)
        with open("messages", "a") as file:
            file.write(self.headers["Idempotency-Key"] + "\n")
        self.answer({})

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    # Clients are killed in mid-request here.
    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
