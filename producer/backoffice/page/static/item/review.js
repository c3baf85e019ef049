/** Review: a person's decisions on the item that is shown, saved behind the next one's back. */

import { toast } from "../announce.js";
import { batchPath, post } from "../api.js";
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
  #outbox;
  #page;
  #closeToast = () => {};

  /**
   * @param {import("../decisions/outbox.js").Outbox} outbox
   * @param {{ item: () => object, put: (item: object) => void, reload: (number: number) => void,
   *   advance: () => void, go: (number: number) => void }} page
   */
  constructor(outbox, page) {
    this.#outbox = outbox;
    this.#page = page;
  }

  /** Whether the present item can be decided on; else says why not. */
  get possible() {
    return this.#allowed(whyUndecidable(this.#page.item()));
  }

  approve() {
    if (this.possible) this.#decide({ action: "approve", stage: this.#stage }, this.#page.advance);
  }

  /** @param {string} reason a code of ours, or a person's own words */
  reject(reason) {
    if (this.possible) this.#decide({ action: "reject", stage: this.#stage, reason }, this.#page.advance);
  }

  /** What is shown of the item: a decision is about nothing that came later. */
  get #stage() {
    return this.#page.item().held.stage;
  }

  /** Pick a variant of a painted item. */
  pick(variant) {
    const fixed = countVariants(this.#page.item()) < 2 ? "There is nothing to pick from: it has no two variants." : "";
    if (this.#allowed(fixed)) this.#decide({ action: "pick", variant }, () => {});
  }

  /** Take the last decision of this tab back, and show its item. */
  undo() {
    if (!this.#allowed()) return;
    const undone = this.#outbox.undo({ onSaved: (answer) => this.#takenBack(answer), onRefused: (error) => this.#failed(error) });
    if (!undone) return this.#say("Nothing was decided in this tab; the history has earlier decisions.");
    this.#say("Taken back.", "good");
    const [first] = undone.numbers ?? [];
    if (first !== undefined && first !== this.#page.item().number) this.#page.go(first);
  }

  /** Take back a decision out of the history, bulk ones for all of their items. */
  async undoDecision({ id }) {
    const { number } = this.#page.item();
    try {
      this.#takenBack(await post(batchPath(this.#page.batch, "decisions", id, "undo")));
      this.#page.reload(number);
    } catch (error) {
      this.#failed(error);
    }
  }

  #takenBack({ moved, too_late: late }) {
    if (!late) this.#say(`Taken back for ${counted(moved, "item")}.`, "good");
    else this.#say(`Too late for ${counted(late, "item")}: painted or published already.`, "alarm");
    this.#page.reload(this.#page.item().number);
  }

  #decide(decision, then) {
    const item = this.#page.item();
    this.#page.put({ ...item, ...EXPECTED[decision.action](item, decision) });
    this.#outbox.decide({ ...decision, numbers: [item.number] }, {
      takeBack: () => this.#page.put(item),
      onSaved: (answer) => this.#saved(item, answer),
      onRefused: (error) => this.#failed(error, () => this.#again(item, decision)),
    });
    this.#say(`${sentence(item, decision)}.`, "good", { label: "Undo", run: () => this.undo() });
    then();
  }

  #saved({ number, spec }, { moved }) {
    if (!moved) this.#say(`${spec.external_id} had been decided or painted meanwhile; nothing was changed.`, "alarm");
    this.#page.reload(number);
  }

  async #again(item, decision) {
    await this.#page.go(item.number);
    this.#decide(decision, () => {});
  }

  #allowed(why = "") {
    const text = may("operator") ? why : NOT_ALLOWED;
    if (text) this.#say(text);
    return !text;
  }

  #failed(error, again = undefined) {
    const text = `Not saved: ${error.message} ${error.hint ?? ""}`.trim();
    this.#say(text, "alarm", again && { label: "Try again", run: again });
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
