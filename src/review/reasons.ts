/** Why a person changed or refused an output, in the order of the number keys. */
export const reviewReasons = [
  "wrong value",
  "missing value",
  "made up",
  "wrong category",
  "wrong format",
  "wrong tone",
  "other",
] as const;
