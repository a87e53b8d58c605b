import os

import provider
from openai import OpenAI
from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace
from triage import TICKET, failing, lookup_customer, triage, triage_broken

OpenAIInstrumentor().instrument()
client = OpenAI(max_retries=0)
tracer = OITracer(trace.get_tracer("app"), config=TraceConfig())
lookup = tracer.tool(name="lookup_customer")(lookup_customer)


@tracer.chain(name=os.environ["WORKFLOW"])
def handle(ticket: dict) -> dict:
    return triage(client, ticket, lookup)


@tracer.chain(name=os.environ["WORKFLOW"])
def handle_broken(ticket: dict) -> None:
    triage_broken(client, ticket)


def described(work):
    with using_attributes(
        session_id="conversation-7",
        user_id="customer-12",
        metadata={"region": "eu"},
        prompt_template="You triage support tickets. Answer with JSON: {fields}.",
        prompt_template_variables={"fields": "category, urgency"},
        prompt_template_version="v12",
    ):
        return work()


described(lambda: handle(TICKET))
failing(lambda: described(lambda: handle_broken(TICKET)))
provider.shutdown()
