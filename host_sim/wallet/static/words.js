// Every word of the page in every language. A test holds the tables equal in keys and placeholders.

import { CHINESE } from "./words_zh.js";
import { ENGLISH } from "./words_en.js";

export const LANGUAGES = Object.freeze({
  en: { tag: "en", ownName: "English", table: ENGLISH },
  zh: { tag: "zh-Hans", ownName: "中文", table: CHINESE },
});

/** `t(key, values)` for a language of LANGUAGES. */
export function wordsOf(language) {
  const { table } = LANGUAGES[language];
  return (key, values = {}) => {
    if (!(key in table)) throw new RangeError(`no words for ${key}`);
    return table[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  };
}
