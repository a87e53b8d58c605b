import os

from langfuse import get_client, observe, propagate_attributes
from langfuse.openai import OpenAI
from triage import TICKET, failing, lookup_customer, triage, triage_broken

client = OpenAI(max_retries=0)


@observe(name="lookup_customer", as_type="tool")
def lookup(email_domain: str) -> dict:
    return lookup_customer(email_domain)


@observe(name="handle-ticket")
def handle(ticket: dict) -> dict:
    return triage(client, ticket, lookup)


@observe(name="handle-ticket")
def handle_broken(ticket: dict) -> None:
    triage_broken(client, ticket)


def described(work):
    with propagate_attributes(
        trace_name=os.environ["WORKFLOW"],
        session_id="conversation-7",
        user_id="customer-12",
        version="v12",
    ):
        return work()


described(lambda: handle(TICKET))
failing(lambda: described(lambda: handle_broken(TICKET)))
get_client().shutdown()
