/** Who acts where no person does: the sidecar itself. */
export const ownActor = "evenkeel";
