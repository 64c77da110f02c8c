const zones = { CH: 1, DE: 1.5, FR: 1.5, US: 4 };

export function price(_body, { params, props }) {
  const { country, kg } = params.query;
  const { carrier, perKg, currency } = props;
  const amount = perKg * kg * (zones[country] ?? 6);
  return { price: Number(amount.toFixed(2)), currency, carrier };
}

/** No operation of the contract; the overlay for staging adds one. */
export function showProps(_body, { props, bundle }) {
  const { carrier, perKg, currency } = props;
  return { bundle: bundle.name, props: { carrier, perKg, currency } };
}
