import { Empty } from "./parts.tsx";

/** The page of something that is not there: answer it with 404. */
export function NotKnown({ what }: { what: string }) {
  return (
    <>
      <h1>Not known</h1>
      <Empty>There is no {what} here. It may have been removed, or not have arrived yet.</Empty>
    </>
  );
}
