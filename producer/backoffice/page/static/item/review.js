/** Review: a person's decisions on the item that is shown, saved behind the next one's back. */

import { toast } from "../announce.js";
import { counted } from "../format.js";
import { may } from "../session.js";
import { countVariants } from "./files.js";
import { rejection, whyUndecidable } from "./words.js";

const DONE_WORDS = { approve: "Approved", reject: "Rejected", pick: "Picked" };
const NOT_ALLOWED = "Your role may look and not decide; sign in with an operator's token.";

/** What the item will be when the board has taken the decision. */
const EXPECTED = {
  approve: ({ held }) => (held.stage === "mask" ? { state: "queued" } : { approved: true }),
  reject: (_, { reason }) => ({ state: "rejected", reason }),
  pick: (_, { variant }) => ({ picked: variant }),
};

/** Approve, reject, pick and undo; each shows at once, and is put right where it fails. */
export class Review {
  #saver;
  #page;
  #made = [];
  #closeToast = () => {};

  /**
   * @param {import("./saver.js").Saver} saver
   * @param {{ item: () => object, put: (item: object) => void, reload: (number: number) => void,
   *   advance: () => void, go: (number: number) => void }} page
   */
  constructor(saver, page) {
    this.#saver = saver;
    this.#page = page;
  }

  /** Whether the present item can be decided on; else says why not. */
  get possible() {
    return this.#allowed(whyUndecidable(this.#page.item()));
  }

  approve() {
    if (this.possible) this.#decide({ action: "approve" }, this.#page.advance);
  }

  /** @param {string} reason a code of ours, or a person's own words */
  reject(reason) {
    if (this.possible) this.#decide({ action: "reject", reason }, this.#page.advance);
  }

  /** Pick a variant of a painted item. */
  pick(variant) {
    const fixed = countVariants(this.#page.item()) < 2 ? "There is nothing to pick from: it has no two variants." : "";
    if (this.#allowed(fixed)) this.#decide({ action: "pick", variant }, () => {});
  }

  /** Take the last decision of this visit back, and show its item. */
  async undo() {
    if (!this.#allowed()) return;
    const last = this.#made.pop();
    if (!last) return this.#say("There is no decision of this visit to take back; the history has earlier ones.");
    if (this.#page.item().number !== last.item.number) this.#page.go(last.item.number);
    this.#page.put(last.item);
    this.#say(`Taking back: ${last.said}.`);
    const decision = await last.decision;
    if (decision) await this.#takeBack(decision, last.item.number, last.said);
  }

  /** Take back a decision out of the history, bulk ones for all of their items. */
  undoDecision({ id, moved }) {
    this.#made = this.#made.filter(({ known }) => known !== id);
    return this.#takeBack(id, this.#page.item().number, counted(moved, "decision"));
  }

  async #takeBack(decision, number, said) {
    try {
      const { moved, too_late: late } = await this.#saver.undo(decision);
      if (late && !moved) this.#say("It is too late to take that back: it is being painted or published.", "alarm");
      else this.#say(`Taken back: ${said}.${late ? ` ${counted(late, "item")} had gone on already.` : ""}`, "good");
    } catch (error) {
      this.#failed(error, () => this.#takeBack(decision, number, said));
    }
    this.#page.reload(number);
  }

  #decide(decision, then) {
    const item = this.#page.item();
    this.#page.put({ ...item, ...EXPECTED[decision.action](item, decision) });
    const said = sentence(item, decision);
    const entry = { item, said, known: null };
    entry.decision = this.#send(entry, decision);
    this.#made.push(entry);
    this.#say(`${said}.`, "good", { label: "Undo", run: () => this.undo() });
    then();
  }

  /** The decision's id; null where it was not made. */
  async #send(entry, decision) {
    const { item } = entry;
    try {
      const { decision: id, moved } = await this.#saver.decide({ ...decision, numbers: [item.number] });
      entry.known = id;
      if (!moved) this.#say(`${item.spec.external_id} had gone on already; nothing was changed.`, "alarm");
      this.#page.reload(item.number);
      return moved ? id : null;
    } catch (error) {
      this.#made = this.#made.filter((one) => one !== entry);
      this.#page.put(item);
      this.#failed(error, () => this.#again(item, decision));
      return null;
    }
  }

  #again(item, decision) {
    this.#page.go(item.number);
    this.#decide(decision, () => {});
  }

  #allowed(why = "") {
    const text = may("operator") ? why : NOT_ALLOWED;
    if (text) this.#say(text);
    return !text;
  }

  #failed(error, again) {
    const text = `Not saved: ${error.message} ${error.hint ?? ""}`.trim();
    this.#say(text, "alarm", { label: "Try again", run: again });
  }

  /** One message at a time: at three decisions a second they would pile up. */
  #say(text, tone = "plain", action = undefined) {
    this.#closeToast();
    this.#closeToast = toast(text, { tone, action });
  }
}

function sentence({ spec }, { action, reason, variant }) {
  const why = reason ? `: ${rejection(reason)}` : "";
  return `${DONE_WORDS[action]} ${variant ? `variant ${variant} of ` : ""}${spec.external_id}${why}`;
}
