// Saves changes of a record that somebody else may have changed meanwhile.

/**
 * Return send(news): it stores what is new of `record`, which was read from `path`, and resolves to the record as stored.
 * What others changed in other fields stays. Where they changed the same ones it rejects, and says so, once: the next
 * send puts the new values in the place of theirs.
 */
export function saveOnto(api, path, record) {
  let base = record;
  return async function send(news) {
    try {
      return await api.patch(path, news, { headers: { "If-Match": `"${base.revision}"` } });
    } catch (error) {
      if (error.status !== 412) throw error;
      const current = await api.get(path);
      const isTheirs = (name) => JSON.stringify(current[name]) !== JSON.stringify(base[name]);
      const theirs = Object.keys(news).some(isTheirs);
      base = current;
      if (!theirs) return send(news);
      error.message = `${current.updatedBy ?? "Somebody"} has changed the same meanwhile. Save again to put yours in its place.`;
      throw error;
    }
  };
}
