"""OpenTelemetry's own instrumentation, below the application's own root span."""

import os

import provider
from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from triage import TICKET, failing, triage, triage_broken

OpenAIInstrumentor().instrument()
client = OpenAI(max_retries=0)
tracer = trace.get_tracer("app")


def in_span(work):
    with tracer.start_as_current_span("triage") as span:
        span.set_attribute("gen_ai.operation.name", "invoke_workflow")
        span.set_attribute("gen_ai.workflow.name", os.environ["WORKFLOW"])
        span.set_attribute("gen_ai.conversation.id", "conversation-7")
        return work()


in_span(lambda: triage(client, TICKET))
failing(lambda: in_span(lambda: triage_broken(client, TICKET)))
provider.shutdown()
