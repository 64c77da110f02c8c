create table if not exists account (
  name varchar(20) primary key,
  -- No account holds more than 10,000.00: what would break that fails the call, and is rolled back.
  cents bigint not null default 0 check (cents <= 1000000)
);
