// Loads the browser libraries under vendor/ when they are first needed, each once.

import { el } from "./dom.js";

const loaded = new Map();

/** The module at vendor/`path`. */
export function vendorModule(path) {
  return once(path, () => import(new URL(`../../vendor/${path}`, import.meta.url).href));
}

/** The global `name` that the classic script at vendor/`path` sets. */
export function vendorScript(path, name) {
  return once(path, async () => {
    await tag("script", { src: `vendor/${path}` });
    return globalThis[name];
  });
}

/** The style sheet at vendor/`path`. */
export function vendorStyle(path) {
  return once(path, () => tag("link", { rel: "stylesheet", href: `vendor/${path}` }));
}

function once(key, load) {
  if (!loaded.has(key))
    loaded.set(
      key,
      load().catch((error) => (loaded.delete(key), Promise.reject(error))),
    );
  return loaded.get(key);
}

function tag(name, props) {
  return new Promise((resolve, reject) => {
    document.head.append(
      el(name, {
        ...props,
        on: { load: resolve, error: () => reject(new Error(`${props.src ?? props.href} could not be loaded.`)) },
      }),
    );
  });
}
