// What is decided without a page: which prompts are shown, what they ask for, cron fields, words for what is ahead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { countdown, inZone, isOwnZone, setZone } from "../../../web/js/format.js";
import { askedFor, namesIn } from "../../../web/js/kit/placeholders.js";
import { passes, readFilters, readSort, sorted, tagsOf } from "../../../web/js/tabs/prompts/pick.js";
import { firstLines } from "../../../web/js/tabs/prompts/cards.js";
import { laneWords, marksOf } from "../../../web/js/tabs/schedules/axis.js";
import { expressionOf, fieldNamed, fieldsOf, often, presetOf } from "../../../web/js/tabs/schedules/cron.js";
import { dayIn } from "../../../web/js/tabs/schedules/days.js";

const saved = (name, more = {}) => ({
  id: name,
  name,
  content: "",
  type: "inline",
  tags: [],
  variables: [],
  workingDirectory: null,
  ...more,
});
const filters = (query) => readFilters(new URLSearchParams(query));

test("a prompt is asked for what it declares, and for what its text has besides", () => {
  assert.deepEqual(namesIn("{{A}} {{ b_1 }} {{A}} {{1x}} {A} {{}}"), ["A", "b_1"]);
  const declared = { name: "B", type: "number", default: "1", required: false, choices: [], description: "" };
  const both = askedFor(saved("x", { content: "{{A}} {{B}}", variables: [declared] }));
  assert.deepEqual(
    both.map(({ name, type, required }) => [name, type, required]),
    [
      ["B", "number", false],
      ["A", "string", true],
    ],
  );
  assert.deepEqual(askedFor(saved("x", { content: "{{A}}.md", type: "file-reference" })), []);
});

test("a prompt passes when all of the filters let it", () => {
  const one = saved("Audit", {
    content: "Look at Licences",
    tags: ["a", "b"],
    workingDirectory: "/srv/x",
    agentProfileId: "p",
  });
  for (const query of ["", "search=licences", "search=%2Fsrv", "tag=a,b", "agent=p&directory=/srv/x", "type=inline"])
    assert.equal(passes(one, filters(query)), true, query);
  for (const query of ["search=zz", "tag=a,c", "agent=q", "directory=/srv", "type=file-reference"])
    assert.equal(passes(one, filters(query)), false, query);
});

test("prompts stand in the order that the address asks for, and what has no value stands last", () => {
  const list = [saved("b", { lastRunAt: "2026-01-01" }), saved("C"), saved("a", { lastRunAt: "2026-02-01" })];
  const names = (sort) =>
    sorted(list, sort)
      .map(({ name }) => name)
      .join("");
  assert.equal(names("name"), "abC");
  assert.equal(names("-name"), "Cba");
  assert.equal(names("lastRun"), "baC");
  assert.equal(names("-lastRun"), "abC");
  assert.equal(readSort(new URLSearchParams("sort=-lastRun")), "-lastRun");
  assert.equal(readSort(new URLSearchParams("sort=toString")), "name");
  assert.deepEqual(tagsOf([{ tags: ["x", "b"] }, { tags: ["b", "a"] }]), ["b", "a", "x"]);
});

test("fields and expression are the same thing", () => {
  assert.deepEqual(fieldsOf("  0  9 * *   1-5 "), ["0", "9", "*", "*", "1-5"]);
  assert.deepEqual(fieldsOf(" @Daily"), ["0", "0", "*", "*", "*"]);
  assert.equal(fieldsOf("@often"), null);
  assert.equal(presetOf("@hourly"), "Every hour");
  assert.equal(fieldsOf(""), null);
  assert.equal(expressionOf(["", " 9", "*", "", "1 - 5"]), "* 9 * * 1-5");
  assert.equal(presetOf("0 9  * * 1-5"), "Weekdays");
  assert.equal(presetOf("1 9 * * 1-5"), "");
});

test("a reason marks the field that it is about", () => {
  const reasons = {
    "Minute must be 0 to 59; it is 61.": 0,
    "Day of month must be 1 to 31; it is 32.": 2,
    "There is no day 31 in Feb: this would never run.": 2,
    "The range 5-2 of the month runs backwards.": 3,
    "Day of week must be 0 to 7; it is 9.": 4,
    "A cron expression has five fields (minute, hour, day of month, month, day of week); this one has 3.": -1,
  };
  for (const [reason, at] of Object.entries(reasons)) assert.equal(fieldNamed(reason), at, reason);
});

test("an axis has the hours of a day in steps of four, or the days of a week where people are", () => {
  const day = { from: "2026-03-12T14:32:00Z", to: "2026-03-13T14:32:00Z" };
  assert.deepEqual(
    marksOf(day).map(({ words }) => words),
    ["16:00", "20:00", "00:00", "04:00", "08:00", "12:00"],
  );
  setZone("Asia/Kolkata"); // 5 h 30 min
  const days = marksOf({ ...day, to: "2026-03-19T14:32:00Z" }).filter(({ isDay }) => isDay);
  setZone("UTC");
  assert.equal(days.length, 7);
  assert.equal(days[0].words, "Fri 13 Mar");
  assert.equal(new Date(days[0].at).toISOString(), "2026-03-12T18:30:00.000Z");
});

test("a lane is one sentence", () => {
  const day = { from: "2026-03-12T14:32:00Z", to: "2026-03-13T14:32:00Z" };
  const now = Date.parse(day.from);
  const lane = (more) => laneWords({ times: [], often: [], meets: [], ...more }, day, now);
  assert.equal(laneWords(undefined, day, now), "Nothing is planned in the coming 24 hours: it is off.");
  assert.equal(lane({}), "Nothing is planned in the coming 24 hours.");
  const at = (time) => `2026-03-${time}:00Z`;
  assert.equal(lane({ times: [at("12T10:00")] }), "Nothing is planned in the coming 24 hours."); // it has been
  assert.equal(
    lane({ times: [at("12T15:00"), at("13T02:00")], meets: [{ name: "Other", at: at("13T02:00") }] }),
    "In the coming 24 hours 2 times: 15:00, Fri 13 Mar 02:00. Meets Other, first Fri 13 Mar 02:00.",
  );
  assert.equal(
    lane({ often: [{ from: at("12T16:00"), to: at("12T18:00") }] }),
    "In the coming 24 hours many times from 16:00 to 18:00.",
  );
});

test("a card has the first lines of a text, however long it is", () => {
  assert.equal(firstLines("\n\n  one\n\ntwo\nthree\nfour\nfive"), "one\ntwo\nthree\nfour");
  assert.equal(firstLines("x".repeat(1_000_000)).length, 400);
});

test("how often is said in the span in which it can be counted", () => {
  const cases = { 96: "96 runs a day", 1: "One run a day", 1.5: "1.5 runs a day", 0.86: "6 runs a week" };
  for (const [perDay, words] of Object.entries(cases)) assert.equal(often(Number(perDay)), words);
  assert.equal(often(0.14), "One run a week");
  assert.equal(often(0.03), "One run a month");
  assert.equal(often(0.003), "Less than a run a month");
  assert.equal(often(0), "");
});

test("what is ahead is counted down to the second, and from a day on to the minute", () => {
  const at = (s) => countdown(s * 1000, 0);
  assert.deepEqual([41 * 60 + 12, 86_399, 86_400 * 3 + 942 * 60].map(at), [
    "in 00:41:12",
    "in 23:59:59",
    "in 3 d 15:42",
  ]);
  assert.deepEqual([at(0.2), at(0), at(-5)], ["in 00:00:01", "now", "now"]);
});

test("times and days are those of the zone that is named", () => {
  const at = Date.parse("2026-03-13T01:30:00Z");
  assert.equal(inZone(at, "UTC", at), "Fri 13 Mar 01:30 UTC");
  assert.match(inZone(at, "Europe/Berlin", at), /^Fri 13 Mar 02:30 (CET|GMT\+1)$/);
  assert.equal(inZone(at, "UTC", Date.parse("2025-12-31T12:00:00Z")), "Fri 13 Mar 2026 01:30 UTC");
  assert.equal(dayIn("2026-03-12T23:00:00Z", "Europe/Berlin"), "2026-03-13");
  assert.equal(dayIn(null, "UTC"), "");
  assert.deepEqual([isOwnZone("Etc/UTC"), isOwnZone("Europe/Berlin"), isOwnZone("Nowhere")], [true, false, false]);
});
