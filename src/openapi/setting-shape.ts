/** JSON Schemas that several settings share. */

export const duration = {
  type: ['string', 'number'],
  pattern: '^[0-9]+([.][0-9]+)? ?(ms|s|m|h)$',
  minimum: 0,
  maximum: 86_400,
};
export const textList = {
  type: ['string', 'array'],
  minLength: 1,
  items: { type: 'string', minLength: 1 },
  minItems: 1,
};
const placeName = { type: 'string', minLength: 1, maxLength: 255 };
export const eventPlace = {
  properties: { queue: placeName, topic: placeName, subject: placeName },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

export function text(pattern: string): Record<string, unknown> {
  return { type: 'string', pattern };
}
