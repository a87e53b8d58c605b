import { currentRun, flush, observe } from "@evenkeel/sdk";

const prompt = "Sort the message into: delivery, payment, other.";
const triage = observe(
  async ({ text }) => {
    currentRun().confidence(text.includes("card") ? 0.9 : 0.5);
    return { category: text.includes("card") ? "delivery" : "other", language: "en" };
  },
  { workflow: "quickstart", prompt, model: "my-model" },
);

console.log(await triage({ text: "My card is not here yet" }));
if (!(await flush())) console.error("Cannot reach Evenkeel: is `npm start` running?");
