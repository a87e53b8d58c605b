import { createClient } from "@evenkeel/sdk";

// A host that asks before it acts, and says what it was answered. It can be killed and started again.
const [endpoint = "", id = ""] = process.argv.slice(2);
const client = createClient({ endpoint });
process.stdout.write("asking\n");
const answer = await client.approval({
  workflow: "invoices",
  action: "pay the invoice",
  payload: { amount: 120 },
  id,
  error: "HTTP 500 from the bank",
  note: "Pay it in the bank's portal",
});
process.stdout.write(`${JSON.stringify(answer)}\n`);
await client.shutdown();
