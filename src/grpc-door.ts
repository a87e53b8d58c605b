import { Metadata, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";

/** What a door needs. */
export interface GrpcDoorOptions {
  /** Whether a caller with this `authorization` may send at all. */
  isKnown: (authorization: string) => boolean;
  /** Exports at once, of all callers. */
  exportsMax: number;
  /** How long a message may take to arrive. */
  messageMsMax: number;
  /** Hears of each refusal. */
  onRefused: (reason: DoorRefusal) => void;
}

/** Why a call came to nothing before its message was kept. */
export type DoorRefusal = "no key" | "busy" | "late";

/**
 * Creates what stands before a gRPC server: it refuses callers without a key, and those for whom there is no room, before
 * anything of their message is kept, and gives up messages that do not arrive. The server itself holds as many messages as
 * are sent to it, unpacked, before it asks who sent them.
 */
export function createGrpcDoor({
  isKnown,
  exportsMax,
  messageMsMax,
  onRefused,
}: GrpcDoorOptions): ServerInterceptor {
  let inside = 0;
  return (_, call) => {
    let isInside = false;
    let late: NodeJS.Timeout | undefined;
    const leave = () => {
      clearTimeout(late);
      if (isInside) inside -= 1;
      isInside = false;
    };
    const refuse = (reason: DoorRefusal, given: Refusal) => {
      onRefused(reason);
      guarded.sendStatus(given);
    };
    const guarded = new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, proceed) {
            const [authorization = ""] = metadata.get("authorization");
            if (!isKnown(String(authorization))) refuse("no key", strangerStatus);
            else if (inside >= exportsMax) refuse("busy", fullStatus(exportsMax));
            else {
              isInside = true;
              inside += 1;
              late = setTimeout(() => refuse("late", lateStatus), messageMsMax);
              proceed(metadata);
            }
          },
          onReceiveMessage(message, proceed) {
            clearTimeout(late);
            proceed(message);
          },
          onCancel: leave,
        });
      },
      sendStatus(given, next) {
        leave();
        next(given);
      },
    });
    return guarded;
  };
}

type Refusal = Parameters<ServerInterceptingCall["sendStatus"]>[0];

const strangerStatus = { code: status.UNAUTHENTICATED, details: "Cannot answer without a valid key" };
const lateStatus = {
  code: status.DEADLINE_EXCEEDED,
  details: "Cannot take the export: it did not arrive in time",
};

function fullStatus(exportsMax: number): Refusal {
  const details = `Cannot take the export: ${exportsMax} others are under way`;
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", encodeRetry(status.UNAVAILABLE, details, 1));
  return { code: status.UNAVAILABLE, details, metadata };
}

/** A `google.rpc.Status` with a `google.rpc.RetryInfo`: without it, exporters give up on RESOURCE_EXHAUSTED. */
export function encodeRetry(code: number, message: string, seconds: number): Buffer {
  const writer = protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message);
  writer.uint32(0x1a).fork();
  writer.uint32(0x0a).string("type.googleapis.com/google.rpc.RetryInfo");
  writer.uint32(0x12).fork().uint32(0x0a).fork().uint32(0x08).int64(seconds).ldelim().ldelim();
  return Buffer.from(writer.ldelim().finish());
}
