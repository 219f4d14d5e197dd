import assert from "node:assert/strict";
import test from "node:test";

import { saveOnto } from "../../../web/js/kit/save-onto.js";

/** An API with one record, which refuses what was not made for its revision. */
function keeper(record) {
  return {
    record,
    async get() {
      return structuredClone(this.record);
    },
    async patch(path, news, { headers }) {
      if (headers["If-Match"] !== `"${this.record.revision}"`) throw Object.assign(new Error("changed"), { status: 412 });
      this.record = { ...this.record, ...news, revision: this.record.revision + 1 };
      return this.record;
    },
  };
}

test("what others changed in other fields stays, and the save goes through", async () => {
  const api = keeper({ revision: 2, name: "theirs", text: "old" });
  const send = saveOnto(api, "prompts/a", { revision: 1, name: "old", text: "old" });
  await send({ text: "mine" });
  assert.deepEqual(api.record, { revision: 3, name: "theirs", text: "mine" });
});

test("where others changed the same it says so once, and is then put in its place", async () => {
  const api = keeper({ revision: 2, text: "theirs", updatedBy: "ann" });
  const send = saveOnto(api, "prompts/a", { revision: 1, text: "old" });
  await assert.rejects(send({ text: "mine" }), /^Error: ann has changed the same meanwhile/);
  assert.equal(api.record.text, "theirs");
  await send({ text: "mine" });
  assert.equal(api.record.text, "mine");
});
