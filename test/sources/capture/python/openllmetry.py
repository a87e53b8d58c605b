import os

from openai import OpenAI
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import tool, workflow
from triage import TICKET, failing, lookup_customer, triage, triage_broken

Traceloop.init(
    app_name="ticket-desk",
    telemetry_enabled=False,
    traceloop_sync_enabled=False,
)
client = OpenAI(max_retries=0)


@tool(name="lookup_customer")
def lookup(email_domain: str) -> dict:
    return lookup_customer(email_domain)


@workflow(name=os.environ["WORKFLOW"], version=12)
def handle(ticket: dict) -> dict:
    Traceloop.set_association_properties({"session_id": "conversation-7", "user_id": "customer-12"})
    Traceloop.set_prompt("You triage support tickets. Answer with JSON: {fields}.", {"fields": "category"}, 12)
    return triage(client, ticket, lookup)


@workflow(name=os.environ["WORKFLOW"], version=12)
def handle_broken(ticket: dict) -> None:
    triage_broken(client, ticket)


handle(TICKET)
failing(lambda: handle_broken(TICKET))
