"""The automation that every program runs, in the words of its own library."""

import json

TICKET = {"subject": "Charged twice", "body": "Two charges of 40 EUR on my card this month."}
SYSTEM = "You triage support tickets. Answer with JSON: category, urgency."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "lookup_customer",
            "description": "Finds a customer by the domain of their address",
            "parameters": {"type": "object", "properties": {"email_domain": {"type": "string"}}},
        },
    }
]


def lookup_customer(email_domain: str) -> dict:
    return {"domain": email_domain, "plan": "team"}


def triage(client, ticket: dict, lookup=lookup_customer) -> dict:
    """Asks the model, runs the tool it asks for, and streams its answer."""
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": ticket["subject"] + "\n" + ticket["body"]},
    ]
    asked = client.chat.completions.create(
        model="gpt-4.1-mini", temperature=0.2, max_tokens=200, messages=messages, tools=TOOLS
    )
    message = asked.choices[0].message
    call = message.tool_calls[0]
    found = lookup(**json.loads(call.function.arguments))
    said = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
        ],
    }
    answered = {"role": "tool", "tool_call_id": call.id, "content": json.dumps(found)}
    text = ""
    for chunk in client.chat.completions.create(
        model="gpt-4.1-mini",
        temperature=0.2,
        messages=[*messages, said, answered],
        stream=True,
        stream_options={"include_usage": True},
    ):
        if chunk.choices and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
    return json.loads(text)


def triage_broken(client, ticket: dict) -> None:
    """The same automation on a model that refuses."""
    client.chat.completions.create(
        model="gpt-broken", messages=[{"role": "user", "content": ticket["subject"] + "\n" + ticket["body"]}]
    )


def failing(work) -> None:
    """Runs what is meant to fail."""
    try:
        work()
    except Exception:
        return
    raise RuntimeError("Expected the model to refuse")
