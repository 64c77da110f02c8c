create table if not exists item (name varchar(40) primary key, amount int not null);
