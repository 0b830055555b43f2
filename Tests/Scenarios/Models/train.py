"""A trainer whose model is one number, so that whole-system tests are quick: standard library only."""
import json, os, sys, time

given = json.load(open(os.environ["KEDGE_INPUT"]))
out = os.environ["KEDGE_OUTPUT"]
parameters = given["parameters"]
print("training", given["model"], "attempt", os.environ["KEDGE_ATTEMPT"], flush=True)
mode = parameters.get("mode", "")
if parameters.get("marker"):
    open(parameters["marker"], "a").write(f"{os.getpid()}\n")
for _ in range(int(10 * float(parameters.get("seconds", 0)))):
    if parameters.get("go") and os.path.exists(parameters["go"]):
        break
    time.sleep(0.1)
if mode == "crash":
    print("Traceback: the data went away", file=sys.stderr)
    sys.exit(3)
if mode == "chatter":
    for i in range(60000):
        print("line", i, "of far too much output that nobody reads, again and again")
    sys.exit(1)
if mode == "silent":
    sys.exit(0)
if mode == "wrong":
    json.dump({"artifact": "../../../etc/passwd"}, open(f"{out}/result.json", "w"))
    sys.exit(0)
json.dump({"threshold": float(parameters.get("threshold", 0.5))}, open(f"{out}/model.json", "w"))
result = {"artifact": "model.json", "metrics": {"windows": len(given["windows"])}, "tags": {"kind": "threshold"}}
if parameters.get("baseline"):
    open(f"{out}/training.csv", "w").write(open(parameters["baseline"]).read())
    result["baseline"] = "training.csv"
json.dump(result, open(f"{out}/result.json", "w"))
