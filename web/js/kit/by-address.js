// An editor that has an address: it is opened, changed and left as the address says, never without asking for what was typed.

/**
 * Make the keeper of one kind of editor. It outlives its view, because the editor may ask whether it may be left.
 * follow({ router, wanted, open, home, onClosed }): `wanted()` is { key, place: arguments of router.go } or null,
 * `open(wanted)` an editor { closed, leave() }, `home()` where the list is, `onClosed(savedId, key)` the end of it.
 */
export function byAddress() {
  let [now, router] = [null, null];

  async function leave() {
    const { closed, leave: mayLeave, place } = now;
    if (!(await mayLeave())) return (router.go(...place), false);
    await closed;
    return true;
  }

  return {
    /** Leave what is open, if it may be left; otherwise its address comes back. */
    leave: async () => !now || leave(),
    async follow(view) {
      router = view.router;
      if (now && view.wanted()?.key !== now.key && !(await leave())) return;
      const wanted = view.wanted();
      if (!wanted || now) return;
      const mine = { ...view.open(wanted), ...wanted };
      now = mine;
      mine.closed.then((savedId) => {
        if (now === mine) now = null;
        if (view.wanted()?.key === mine.key) router.go(...view.home(), { replace: true });
        view.onClosed(savedId, mine.key);
      });
    },
  };
}
