import { z } from "zod";

/** Kinds of values in the configuration. Strings default to "", which means "not set". */

/** Never printed. */
export const secret = (description: string) => z.string().default("").meta({ description, secret: true });

/** Plain text. */
export const text = (description: string, initial = "") => z.string().default(initial).meta({ description });

/** A whole number within bounds. */
export const whole = (description: string, initial: number, min: number, max: number) =>
  z.int().min(min).max(max).default(initial).meta({ description });

/** A number from 0 to 1. */
export const share = (description: string, initial: number) =>
  z.number().min(0).max(1).default(initial).meta({ description });

/** A list of words. */
export const words = (description: string, initial: string[]) =>
  z.array(z.string()).default(initial).meta({ description });

/** An http or https URL. Printed without what may be a secret in it: user, password and query. */
export const url = (description: string) => optionalUrl.default("").meta({ description, address: "server" });

/** The URL of a webhook. Whoever knows it may call it, so that only its server is printed. */
export const webhookUrl = (description: string) =>
  optionalUrl.default("").meta({ description, address: "webhook" });

const optionalUrl = z.union([
  z.literal(""),
  z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
]);

/** A time of day, hours and minutes. */
export const timeOfDay = (description: string) =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "must be a time of day such as 22:00" })
    .meta({ description });
