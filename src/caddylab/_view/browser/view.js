// The view in a notebook (`widget`), and in a page of its own (`replay`).

import { Player } from "./player.js";
import { Tape } from "./tape.js";

export function replay(root, scene, events) {
  const tape = new Tape(scene);
  tape.add(events);
  return new Player(root, scene, tape);
}

export const widget = () => {
  const players = new Set();
  let tape;
  let number = 0;

  function initialize({ model }) {
    const scene = model.get("scene");
    tape = new Tape(scene);
    model.on("msg:custom", (batch) => {
      if (batch.whole) tape.clear();
      else if (batch.number !== number + 1) model.send({ want: "tape" });
      number = batch.number;
      if (batch.whole || batch.events.length) tape.add(batch.events);
      for (const player of players) player.hear(batch.now);
      tape.now = batch.now - performance.now() / 1000;
    });
    if (!number) setTimeout(() => number || model.send({ want: "tape" }), 500);
  }

  function render({ model, el }) {
    const player = new Player(el.appendChild(document.createElement("div")), model.get("scene"), tape);
    if (tape.now !== undefined) player.offset = tape.now;
    players.add(player);
    return () => {
      player.close();
      players.delete(player);
    };
  }

  return { initialize, render };
};
