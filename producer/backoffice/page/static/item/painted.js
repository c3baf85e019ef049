/** Painted: work that would delay a picture waits until the picture is seen. */

/** Resolves after the next frame is on the screen. */
export function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
  });
}
