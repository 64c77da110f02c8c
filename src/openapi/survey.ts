/** What there is to know of a whole document before its schemas are compiled. */

export interface Survey {
  /** Some schema is `readOnly` or `writeOnly`: requests and responses differ. */
  isMarked: boolean;
  /** Some name is also one of Object.prototype's, which every object seems to have. */
  namesPrototype: boolean;
}

const prototypeNames: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Looks once at every part; a part that aliases repeat counts once. */
export function surveyDocument(document: unknown): Survey {
  const survey: Survey = { isMarked: false, namesPrototype: false };
  const seen = new Set<unknown>();
  const stack: unknown[] = [document];
  while (stack.length > 0) {
    const part = stack.pop();
    if (typeof part === 'string') survey.namesPrototype ||= prototypeNames.has(part);
    if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    seen.add(part);
    for (const [key, value] of Object.entries(part)) {
      if (value === true) survey.isMarked ||= key === 'readOnly' || key === 'writeOnly';
      survey.namesPrototype ||= prototypeNames.has(key);
      if (typeof value === 'object' || Array.isArray(part)) stack.push(value);
    }
  }
  return survey;
}
