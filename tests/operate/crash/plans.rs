//! Plans whose statements over rows take several batches.

const ROWS: usize = 25;

fn rows(values: &dyn Fn(usize) -> String) -> String {
    let lines: Vec<String> = (1..=ROWS).map(|id| format!("    ({id}, {})\n", values(id))).collect();
    lines.concat()
}

pub fn rename() -> String {
    format!(
        "migration \"rename\" on users
table users {{ id integer primary key, username text not null, email text }}
rows users {{\n{}}}
app v1 {{ reads username, email  writes username, email }}
app v2 {{ reads display_name, email  writes display_name, email }}
expand add column display_name text
expand sync username <-> display_name
migrate backfill display_name from username in batches of 10
deploy v2
retire v1
contract drop column username
",
        rows(&|id| format!("'user {id}', null"))
    )
}

pub fn split_table() -> String {
    format!(
        "migration \"addresses\"
table users {{ id integer primary key, username text not null, city text }}
rows users {{\n{}}}
app v1 {{ uses users.username, users.city }}
app v2 {{ uses users.username, addresses.city  deletes none }}
expand {{
    add table addresses {{ user_id integer primary key references users (id), city text }}
    sync addresses.city <-> users.city
}}
migrate copy users to addresses (user_id from id, city from city) in batches of 10
deploy v2
retire v1
contract drop column users.city
",
        rows(&|id| format!("'user {id}', 'city {id}'"))
    )
}

pub fn add_not_null() -> String {
    format!(
        "migration \"country\" on users
table users {{ id integer primary key, username text not null, country varchar(2) }}
rows users {{\n{}}}
app v1 {{ uses username, country }}
app v2 {{ uses username, country }}
deploy v2
retire v1
migrate seed country from 'ZZ' in batches of 10
migrate verify country is not null
contract set not null country
",
        rows(&|id| format!("'user {id}', {}", if id % 3 == 0 { "'DE'" } else { "null" }))
    )
}

pub fn index() -> String {
    format!(
        "migration \"orders\" on orders
table orders {{ id integer primary key, city text not null, status text not null }}
rows orders {{\n{}}}
app v1 {{ uses city, status }}
app v2 {{ uses city, status }}
deploy v2
retire v1
expand add index orders_open on orders (city) where status = 'open'
expand add unique orders_city_status (city, status)
expand add column note text
migrate backfill note from city || ' ' || status in batches of 10
",
        rows(&|id| format!("'city {id}', '{}'", if id % 2 == 0 { "open" } else { "shipped" }))
    )
}
