# SPDX-License-Identifier: Apache-2.0
"""One session of the real AgentOps SDK against a running Spanmill, and what Spanmill then answers.

Where things are comes by AgentOps' own variables: AGENTOPS_API_KEY, AGENTOPS_API_ENDPOINT, AGENTOPS_EXPORTER_ENDPOINT,
AGENTOPS_APP_URL. The model is the test suite's own (aggregator/src/test/fixtures/fake_llm.py). Exits 1 if anything is not as
it should be.
"""

import importlib.metadata
import json
import os
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../aggregator/src/test/fixtures"))
import fake_llm  # noqa: E402

import agentops  # noqa: E402
import openai  # noqa: E402
from agentops.helpers.dashboard import get_trace_url  # noqa: E402
from agentops.sdk.decorators import agent, operation, tool  # noqa: E402
from opentelemetry import trace as otel  # noqa: E402

API, KEY = os.environ["AGENTOPS_API_ENDPOINT"], os.environ["AGENTOPS_API_KEY"]
wrong = []


def call(path, body=None):
    request = urllib.request.Request(API + path if path.startswith("/") else path, data=body and json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + KEY)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["content-type"] else text


def check(what, ok, shown=""):
    print(("ok    " if ok else "WRONG ") + what + (f": {shown}" if shown != "" else ""), flush=True)
    if not ok:
        wrong.append(what)


def until(what, ask, ok, seconds=30):
    end, last = time.time() + seconds, None
    while time.time() < end:
        try:
            last = ask()
            if ok(last):
                return last
        except urllib.error.HTTPError as e:
            last = f"{e.code} {e.read().decode()}"
        time.sleep(0.2)
    check(what, False, last)
    sys.exit(1)


model_port = fake_llm.start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{model_port}/v1", api_key="sk-test", max_retries=0)
agentops.init(auto_start_session=False, trace_name="support", log_level="WARNING")
print("SDK agentops", importlib.metadata.version("agentops"), "openai", openai.__version__)

token = call("/v3/auth/token", {"api_key": KEY})
check("token", token["project_prem_status"] == "pro", f"project {token['project_id']}, plan {token['project_prem_status']}")
# The SDK fetches its own in the background; spans exported before it has come carry none.
until("the SDK's token", lambda: agentops.get_client().api.v4.auth_token, bool)


@tool(name="lookup")
def lookup(order):
    print("looking up", order)
    return "refunded " + order


@agent(name="Refunder")
class Refunder:
    @operation(name="answer")
    def answer(self):
        lookup("o-1")
        ask = lambda text, **more: client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": text}], **more)
        ask("Where is my refund? #cached")
        list(ask("And the other one?", stream=True, stream_options={"include_usage": True}))
        try:
            ask("Once more #429")
        except openai.RateLimitError as e:
            print("the model says", e.status_code)


seen = {}


@agentops.trace(name="support", tags=["prod", "refunds"])
def support():
    seen["span"] = otel.get_current_span()
    Refunder().answer()


support()
otel.get_tracer_provider().force_flush()
trace_id = format(seen["span"].get_span_context().trace_id, "032x")
project = token["project_id"]

found = until(
    "trace in the list",
    lambda: call(f"/v4/traces/list/{project}?query={trace_id}"),
    lambda r: r["total"] == 1 and r["metrics"]["total_tokens"] > 0 and r["traces"][0]["span_count"] == 7,
)
row = found["traces"][0]
check("list", row["root_span_name"] == "support.session" and row["tags"] == ["prod", "refunds"],
      f"{row['root_span_name']} {row['tags']} spans {row['span_count']} errors {row['error_count']} cost {row['total_cost']} s {row['duration'] / 1e9:.3f}")
check("list metrics", found["metrics"]["prompt_tokens"] == 2 * fake_llm.PROMPT and found["metrics"]["completion_tokens"] == 2 * fake_llm.COMPLETION,
      f"prompt {found['metrics']['prompt_tokens']} completion {found['metrics']['completion_tokens']} cache {found['metrics']['cache_read_input_tokens']} cost {found['metrics']['total_cost']}")

detail = call(f"/v4/traces/detail/{trace_id}")
names = [s["span_name"] for s in detail["spans"]]
check("detail", len(names) == 7 and names[0] == "support.session", " ".join(names))
llm = [s for s in detail["spans"] if s["metrics"]]
check("detail, model calls", len(llm) == 3, "; ".join(f"{s['status_code']} {s['metrics']['total_tokens']} tokens {s['metrics']['total_cost']}" for s in llm))
check("detail, prompt", llm[0]["span_attributes"]["gen_ai"]["prompt"][0]["content"].startswith("Where is my refund"))
check("detail, project", detail["spans"][0]["resource_attributes"]["agentops"]["project"]["id"] == project)

log = until("log", lambda: call(f"/v4/logs/{trace_id}"), lambda r: "looking up o-1" in r["content"])
check("log", "the model says 429" in log["content"], repr(log["content"]))

metrics = until("metrics", lambda: call(f"/v4/meterics/project/{project}"), lambda r: r["token_metrics"]["total_tokens"]["all"] > 0, 60)
check("metrics", metrics["trace_count"] >= 1, f"traces {metrics['trace_count']} spans {metrics['span_count']['total']} cost {metrics['token_metrics']['total_cost']}")

for path in (f"/public/v1/traces/{trace_id}", f"/public/v1/traces/{trace_id}/metrics", "/public/v1/project", "/opsboard/projects", "/opsboard/users/me"):
    check(path.replace(trace_id, "{id}"), bool(call(path)))

link = get_trace_url(seen["span"])
page = call(link)
check("link the SDK prints", "<html" in page.lower() and "/sessions?trace_id=" + trace_id in link, link.replace(trace_id, "{id}"))
check("/traces", "<html" in call(f"/traces?trace_id={trace_id}").lower())
os._exit(1 if wrong else 0)
