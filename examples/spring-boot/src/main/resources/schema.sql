create table if not exists book (
    isbn varchar(13) primary key,
    title varchar(200) not null,
    copies int not null check (copies >= 0),
    cover blob
);
create table if not exists loan (
    isbn varchar(13) not null references book,
    reader varchar(40) not null,
    primary key (isbn, reader)
);
